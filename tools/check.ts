// `npm run check`: runs all static checks concurrently, and prints the output of those that fail.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname } from 'node:path';

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['lint and format', 'npx', 'biome', 'check', '--error-on-warnings', '.'],
  ['types', 'npx', 'tsc', '-p', '.'],
  ...globSync('apps/*/tsconfig.json').map(
    (config) => [`types of ${dirname(config)}`, 'npx', 'tsc', '-p', config] as const,
  ),
  ['boundaries', 'node', 'tools/check-boundaries.ts'],
  ['unused files, exports and dependencies', 'npx', 'knip', '--no-progress'],
  ['docs', 'node', 'tools/docs.ts'],
  ['prose', 'node', 'tools/prose.ts'],
  ['generated files', 'node', 'tools/generate/main.ts', '--check'],
  ['compatible messages', 'node', 'tools/contracts/compatible.ts'],
  ['stored formats', 'node', 'tools/stored-formats.ts'],
];

const results = await Promise.all(
  steps.map(async ([name, command, ...args]) => {
    const child = spawn(command, args, { shell: process.platform === 'win32' });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += chunk));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    console.log(`${code === 0 ? '✓' : '✗'} ${name}`);
    if (code !== 0) console.log(output);
    return code === 0;
  }),
);
process.exit(results.every(Boolean) ? 0 : 1);
