import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ACCESS_MODE = 0o3;
const SIGTERM = 15;

/** What the operating system reports of a process. */
export interface ProcessEvidence {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where its standard output goes. */
  readonly stdout: string;
  /** Files that it has open for writing, besides standard output and error. */
  readonly writes: readonly string[];
  readonly handlesSigterm: boolean;
}

/** Reads what Linux reports in /proc; undefined on another system, and for a process that has ended. */
export function processEvidence(pid: number): ProcessEvidence | undefined {
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  const list = (file: string) => read(file).split('\0').filter(Boolean);
  try {
    const caught = BigInt(`0x${/^SigCgt:\s*(\w+)/m.exec(read('status'))![1]}`);
    return {
      command: list('cmdline'),
      env: Object.fromEntries(list('environ').map((each) => each.split(/=(.*)/s, 2))),
      stdout: readlinkSync(`/proc/${pid}/fd/1`),
      writes: openForWriting(pid),
      handlesSigterm: ((caught >> BigInt(SIGTERM - 1)) & 1n) === 1n,
    };
  } catch {
    return undefined;
  }
}

function openForWriting(pid: number): string[] {
  const files = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const file = readlinkSync(`/proc/${pid}/fd/${fd}`);
      const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
      const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)![1]!, 8);
      const isOutput = fd === '1' || fd === '2';
      const isFile = file.startsWith('/') && !file.startsWith('/dev/');
      return isFile && !isOutput && (flags & ACCESS_MODE) !== 0 ? [file] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
  return [...new Set(files)];
}
