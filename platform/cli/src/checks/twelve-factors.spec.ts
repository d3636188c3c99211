import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { factorsTable } from '../screen/check-tables.ts';
import {
  type AppEvidence,
  imageVersions,
  linesSince,
  startAlone,
  valuesInside,
} from './app-evidence.ts';
import { processEvidence } from './process-evidence.ts';
import { factors, judgeFactors } from './twelve-factors.ts';

const configuration = (source = 'environment') => ({
  CONSUL_HTTP_ADDR: { value: 'http://consul:8500', source: 'environment' },
  DATABASE_URL: { value: '***', source },
  MESSAGING_URL: { value: 'kafka://broker:9092', source: 'environment' },
});
const info = {
  instance: 'alpha-1-7',
  commit: 'c0ffee',
  digest: 'd1',
  startedAt: '2030-01-01T12:00:00.000Z',
  configuration: configuration(),
};
const line = (msg: string, more = {}) =>
  JSON.stringify({ level: 'info', time: info.startedAt, instance: 'alpha-1-7', ...more, msg });
const process = {
  command: ['node', join('/artifacts/alpha', 'main.cjs')],
  env: {
    PROCESSES: 'web,worker',
    CONSUL_HTTP_ADDR: 'http://consul:8500',
    DATABASE_URL: 'postgres://database:5432/alpha',
    MESSAGING_URL: 'kafka://broker:9092',
    STORE_FILE: '/data/store.db',
  },
  stdout: '/logs/alpha-1.log',
  writes: ['/data/store.db', '/data/store.db-wal'],
  handlesSigterm: true,
};
const instance = {
  id: 'alpha/1',
  name: 'alpha-1-7',
  processes: 'web,worker',
  dependencies: { PostgreSQL: { state: 'ok' } },
  url: 'http://127.0.0.1:4001',
  registered: 'http://127.0.0.1:4001',
  pid: 42,
  logFile: '/logs/alpha-1.log',
  log: [line('alpha is ready', { ms: 1_200 }), line('Stopping', { instance: 'alpha-1-6' })],
  info,
  process,
} as unknown as AppEvidence['instances'][number];
const healthy: AppEvidence = {
  app: 'alpha',
  wantedInstances: 1,
  earlier: ['d0'],
  uses: ['database', 'messaging'],
  artifact: { commit: 'c0ffee', digest: 'd1', folder: '/artifacts/alpha' },
  isCommitKnown: true,
  measuredDigest: 'd1',
  valuesInside: [],
  alone: 'Cannot serve: The configuration of alpha cannot be used:\n  PORT: not set',
  dependencies: [{ name: 'zod', declared: '4.6.7', locked: '4.6.7' }],
  services: [{ name: 'Kafka', version: '4.3.0', inContainers: '4.3.1' }],
  migratedBy: 'd1',
  instances: [instance],
};
const running = (change: object) => ({ instances: [{ ...instance, ...change }] });
const answering = (change: object) => running({ info: { ...info, ...change } });
const processOf = (change: object) => running({ process: { ...process, ...change } });

const broken: readonly (readonly [numeral: string, evidence: object, found: RegExp])[] = [
  ['I', { isCommitKnown: false }, /git does not know/],
  ['I', answering({ commit: 'bad' }), /alpha\/1 runs commit bad/],
  ['II', { alone: "Error: Cannot find module 'pg-native'" }, /Cannot find module 'pg-native'/],
  [
    'II',
    { dependencies: [{ name: 'zod', declared: '^4.6.0', locked: '4.6.7' }] },
    /declared as \^4\.6\.0, locked as 4\.6\.7/,
  ],
  ['III', { alone: '{"msg":"alpha is ready"}' }, /without variables it prints/],
  ['III', { valuesInside: ['postgresPassword'] }, /contains postgresPassword/],
  ['III', answering({ configuration: configuration('default') }), /DATABASE_URL from default/],
  ['IV', answering({ configuration: {} }), /has no MESSAGING_URL/],
  ['IV', processOf({ env: { ...process.env, DATABASE_URL: 'alpha.db' } }), /is no URL/],
  ['IV', running({ dependencies: { PostgreSQL: { state: 'down' } } }), /PostgreSQL down/],
  ['V', { measuredDigest: 'd2' }, /was changed after its build/],
  ['V', answering({ digest: 'd2' }), /runs d2/],
  ['V', processOf({ command: ['node', 'src/main.ts'] }), /runs another program/],
  ['VI', processOf({ writes: ['/sessions.json'] }), /writes \/sessions\.json/],
  ['VII', answering({ instance: 'beta-1-8' }), /belongs to beta-1-8/],
  ['VII', running({ registered: undefined }), /in the registry: nowhere/],
  ['VIII', { wantedInstances: 2 }, /1 of 2 instances run web,worker/],
  ['VIII', { wantedInstances: 2, instances: [instance, instance] }, /share a process/],
  ['VIII', processOf({ env: { ...process.env, PROCESSES: 'web' } }), /runs web instead of/],
  ['IX', running({ log: [line('alpha is ready', { ms: 31_000 })] }), /ready after 31000 ms/],
  ['IX', processOf({ handlesSigterm: false }), /does not handle SIGTERM/],
  [
    'X',
    { services: [{ name: 'Kafka', version: '3.9.0', inContainers: '4.3.0' }] },
    /3\.9\.0 here, 4\.3\.0 in the containers/,
  ],
  ['XI', running({ log: [...instance.log, 'no JSON'] }), /logged: no JSON/],
  ['XI', running({ log: [line('late', { instance: 'beta-1-7' })] }), /logged: \{/],
  ['XI', running({ log: [] }), /has logged nothing/],
  ['XI', processOf({ stdout: '/var/log/alpha.log' }), /writes to \/var\/log/],
  ['XII', { migratedBy: 'other' }, /migrated by artifact other/],
];

const judged = (change: object) => judgeFactors({ ...healthy, ...change });
const reds = (change: object) => judged(change).filter(({ verdict }) => verdict === 'red');

describe('the twelve factors', () => {
  it('are green on a healthy app', () => {
    expect(judged({}).map(({ verdict }) => verdict)).toEqual(factors.map(() => 'green'));
  });

  it.each(broken)('%s is red on broken evidence (%#)', (numeral, change, found) => {
    expect(reds(change)).toContainEqual(
      expect.objectContaining({
        check: expect.stringMatching(`^${numeral} `),
        found: expect.stringMatching(found),
      }),
    );
  });

  it('are each broken once here', () => {
    expect([...new Set(broken.map(([numeral]) => numeral))]).toEqual(
      factors.map(({ numeral }) => numeral),
    );
  });

  it('are red without a running instance, and where GET /info gives no answer', () => {
    expect(reds({ instances: [] })).toHaveLength(factors.length);
    expect(reds(running({ info: undefined })).map(({ check }) => check.split(' ')[0])).toEqual([
      'I',
      'III',
      'IV',
      'V',
      'VII',
    ]);
  });

  it('are unmeasured where there is no evidence', () => {
    const without = {
      ...running({ process: undefined }),
      uses: [],
      migratedBy: undefined,
      services: [{ name: 'Consul', version: '1.8.7', inContainers: undefined }],
    };
    const found = judged(without).filter(({ verdict }) => verdict === 'unmeasured');
    expect(found.map(({ check }) => check.split(' ')[0])).toEqual(['VI', 'IX', 'X', 'XII']);
  });

  it('fit a terminal of 80 columns as a table, and list what is red', () => {
    const long = { app: 'a-stand-in-of-16' };
    const text = stripVTControlCharacters(factorsTable(judged({ ...long, measuredDigest: 'd2' })));
    const [tables = ''] = text.split('✗ a-stand');
    expect(Math.max(...tables.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(text).toMatch(/expected: .*\n {2}found: {4}the artifact was changed.*\n {2}look at: /);
    expect(text).toContain('11 green, 1 red, 0 without evidence');
  });
});

describe('the evidence', () => {
  const folder = mkdtempSync(join(tmpdir(), 'artifact-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'assets', 'style.css'), 'a { content: "hidden-secret" }');

  it('of an artifact contains the values in its files, also of keys with several lines', () => {
    const values = { inside: '-\nhidden-secret\n-', elsewhere: 'other-secret' };
    expect(valuesInside(folder, values)).toEqual(['inside']);
  });

  it('of a start alone has no package and no variable of this machine', async () => {
    writeFileSync(join(folder, 'main.cjs'), 'console.log(process.env.PATH); require("zod")');
    expect(await startAlone(folder)).toMatch(/^undefined\n[\s\S]*Cannot find module 'zod'/);
  });

  it('of a log has also what an instance prints before its first event', () => {
    const at = (time: string, text: string) => ({ source: 'alpha-1', time, text });
    const lines = [at('1', '{}'), at('1', 'plain'), at('3', '{}'), at('3', 'plain')];
    expect(linesSince(lines, '2')).toEqual(lines.slice(1));
  });

  it('of the containers has the versions of their images', () => {
    const compose = 'services:\n  kafka:\n    image: apache/kafka:4.3.0\n    restart: always\n';
    expect(imageVersions(compose)).toMatchObject({ kafka: '4.3.0', postgres: undefined });
  });

  it.runIf(globalThis.process.platform === 'linux')('of a process shows its handlers', () => {
    const handler = () => undefined;
    globalThis.process.on('SIGTERM', handler);
    const { pid } = globalThis.process;
    expect(processEvidence(pid)).toMatchObject({ handlesSigterm: true });
    globalThis.process.off('SIGTERM', handler);
    expect(processEvidence(pid)?.handlesSigterm).toBe(false);
    expect(processEvidence(0)).toBeUndefined();
  });
});
