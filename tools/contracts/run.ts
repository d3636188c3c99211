import { spawn } from 'node:child_process';
import { stripVTControlCharacters, styleText } from 'node:util';

interface Where {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a project of Vitest and captures its output, so that the caller can print it after a failure. */
export async function run(
  title: string,
  project: string,
  files: readonly string[],
  where: Where = {},
): Promise<{ ok: boolean; output: string }> {
  const startMs = performance.now();
  const args = ['vitest', 'run', '--project', project, ...files];
  const ran = await output('npx', args, where);
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  const sign = ran.ok ? styleText('green', '✓') : styleText('red', '✗');
  if (title) console.log(`${sign} ${title} (${seconds} s)`);
  return ran;
}

/** Runs a command to its end. @returns whether it succeeded, and its output without colours */
export async function output(
  command: string,
  args: readonly string[],
  { cwd = process.cwd(), env }: Where = {},
): Promise<{ ok: boolean; output: string }> {
  const child = spawn(command, args, {
    shell: process.platform === 'win32',
    cwd,
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  return { ok: code === 0, output: stripVTControlCharacters(output) };
}
