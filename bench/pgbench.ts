import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Returns the path of a command; undefined when it is not installed. */
export function locate(command: string): string | undefined {
  try {
    return execFileSync('which', [command], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** Runs a script with prepared statements. @returns its transactions a second */
export async function runPgbench(
  pgbench: string,
  url: string,
  script: string,
  { clients, seconds }: { readonly clients: number; readonly seconds: number },
): Promise<number> {
  const { username, password, hostname, port, pathname } = new URL(url);
  const load = ['-n', '-M', 'prepared', '-c', `${clients}`, '-j', '1', '-T', `${seconds}`];
  const where = ['-h', hostname, '-p', port, '-U', username, pathname.slice(1)];
  const env = { ...process.env, PGPASSWORD: password };
  const { stdout } = await run(pgbench, [...load, '-f', script, ...where], { env });
  return Number(/tps = ([\d.]+)/.exec(stdout)![1]);
}
