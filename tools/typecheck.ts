// Checks the types of one package: `npx node tools/typecheck.ts libs/clock`. The whole repository: `npx tsc -p .`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Name the folder of a package, for example libs/clock.');
const own = `${folder}/tsconfig.json`;
const config = existsSync(own) ? own : `.nx/typecheck/${folder.replaceAll('/', '-')}.json`;
if (config !== own) {
  mkdirSync('.nx/typecheck', { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({ extends: '../../tsconfig.json', include: [`../../${folder}`] }),
  );
}
const { status } = spawnSync('npx', ['tsc', '-p', config], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;
