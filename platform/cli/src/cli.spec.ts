import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

// What only some commands need. Each of them costs every other command 30 to 100 ms.
const heavy = ['kafkajs', 'pg', 'fastify', 'esbuild', 'consul', 'tar'];
const program = `
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      loaded.add(specifier);
      return next(specifier, context);
    },
  });
  const { commands } = await import(${JSON.stringify(new URL('cli.ts', import.meta.url).href)});
  await commands();
  console.log(JSON.stringify([...loaded]));
`;

it('loads none of the packages that only some commands need', () => {
  const args = ['--input-type=module', '--eval', program];
  const loaded = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as string[];
  expect(loaded).toContain('commander');
  expect(loaded.filter((each) => heavy.includes(each))).toEqual([]);
});
