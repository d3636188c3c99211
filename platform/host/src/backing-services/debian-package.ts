import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Downloads a package of a Debian release from this system's mirror, with apt's signature check, and unpacks it. Uses a
 * temporary folder: nothing is installed, and the system's package lists stay unchanged.
 * @param use gets the folder with the unpacked files; it is deleted afterwards
 * @throws Error when this system is not Debian, or with apt's last line
 */
export async function withDebianPackage(
  name: string,
  release: string,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  if (process.platform !== 'linux' || spawnSync('apt-get', ['--version']).status !== 0)
    throw new Error('this system is not Debian');
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const unpacked = join(folder, 'unpacked');
  try {
    const apt = aptIn(folder, release);
    apt('update');
    apt('download', name);
    const debFile = readdirSync(folder).find((file) => file.endsWith('.deb'));
    execFileSync('dpkg', ['-x', join(folder, debFile!), unpacked]);
    await use(unpacked);
  } catch (error) {
    const stderr = (error as { stderr?: Buffer }).stderr?.toString().trim().split('\n').at(-1);
    throw new Error(stderr || (error as Error).message);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function aptIn(folder: string, release: string): (...args: string[]) => void {
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  mkdirSync(join(folder, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  writeFileSync(join(folder, 'sources.list'), `deb ${signed}${debianMirror()} ${release} main\n`);
  const options = [
    ['Dir::Etc::sourcelist', join(folder, 'sources.list')],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::State::lists', join(folder, 'lists')],
    ['Dir::Cache', join(folder, 'cache')],
    ['APT::Sandbox::User', ''],
    ['Acquire::Retries', '2'],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (...args) =>
    void execFileSync('apt-get', ['-q', ...options, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 180_000,
    });
}

/** Returns the address of Debian's main archive in this system's package sources. */
function debianMirror(): string {
  const parts = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ];
  const text = files
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const found =
    /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text)?.[1] ??
    /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s/m.exec(text)?.[1];
  if (!found) throw new Error("the system's package sources contain no Debian archive");
  return found;
}
