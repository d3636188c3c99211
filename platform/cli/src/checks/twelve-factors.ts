// The factors of https://12factor.net as checks of evidence. Pure.
import { join } from 'node:path';
import { instancesByProcesses } from '@fieldguide/platform-controller/scale';
import type { AppEvidence, InstanceEvidence } from './app-evidence.ts';
import { type Check, type Finding, judge } from './finding.ts';
import type { ProcessEvidence } from './process-evidence.ts';

const READY_WITHIN_MS = 30_000;

/** The variables with the addresses of attached resources, by what needs them. */
const addressOf = { database: 'DATABASE_URL', messaging: 'MESSAGING_URL' } as const;

interface Factor extends Check<AppEvidence> {
  readonly numeral: string;
}

/** Every factor, in the order of the book. */
export const factors: readonly Factor[] = [
  {
    numeral: 'I',
    name: 'codebase',
    expected: 'artifact and instances come from one commit of this repository',
    where: ({ app }) => `git log; fieldguide push ${app} records the present commit`,
    shows: ({ artifact }) => `commit ${artifact.commit}`,
    faults: ({ isCommitKnown, artifact: { commit }, instances }) => [
      !isCommitKnown && `git does not know the commit ${commit} of the artifact`,
      ...ofInfo(instances, (info) => info.commit !== commit && `runs commit ${info.commit}`),
    ],
  },
  {
    numeral: 'II',
    name: 'dependencies',
    expected: 'every package declared and locked to one version; the artifact loads without others',
    where: ({ app }) => `apps/${app}/package.json and package-lock.json`,
    shows: ({ dependencies }) => `${dependencies.length} packages are locked; it loads alone`,
    faults: ({ alone, dependencies }) => [
      /Cannot find (module|package) '([^']+)'/.exec(alone)?.[0],
      ...dependencies.map(
        ({ name, declared, locked }) =>
          declared !== locked && `${name} is declared as ${declared}, locked as ${locked ?? '–'}`,
      ),
    ],
  },
  {
    numeral: 'III',
    name: 'config',
    expected:
      'no start without configuration; secrets from variables or files, none in the artifact',
    where: ({ app, artifact }) => `fieldguide env ${app}; ${artifact.folder}`,
    shows: () => 'it does not start without its variables, and contains no value of them',
    faults: ({ alone, valuesInside, instances }) => [
      !/configuration of \S+ cannot be used/.test(alone) &&
        `without variables it prints: ${alone.trim().split('\n')[0]?.slice(0, 60) || 'nothing'}`,
      ...valuesInside.map((name) => `the artifact contains ${name}`),
      ...ofInfo(instances, ({ configuration }) => {
        const wrong = Object.entries(configuration).find(
          ([, { value, source }]) => value === '***' && !/^(environment|file)/.test(source),
        );
        return wrong && `takes the secret ${wrong[0]} from ${wrong[1].source}`;
      }),
    ],
  },
  {
    numeral: 'IV',
    name: 'backing services',
    expected: 'attached by a URL in a variable; every dependency answers',
    where: ({ app }) => `fieldguide env ${app}; fieldguide services`,
    shows: (app) => addressesOf(app).join(', '),
    faults: (app) => [
      ...addressesOf(app).flatMap((key) =>
        ofInfo(app.instances, ({ configuration: { [key]: setting } }) => {
          if (!setting) return `has no ${key}`;
          return !/^(environment|file)/.test(setting.source) && `${key} is a ${setting.source}`;
        }),
      ),
      ...addressesOf(app).flatMap((key) =>
        ofProcess(app.instances, ({ env: { [key]: url = '', [`${key}_FILE`]: file } }) => {
          return !file && !URL.canParse(url) && `${key} is no URL`;
        }),
      ),
      ...app.instances.flatMap(({ id, dependencies }) =>
        Object.entries(dependencies).map(
          ([name, { state, detail = '' }]) => state !== 'ok' && `${id}: ${name} ${state} ${detail}`,
        ),
      ),
    ],
  },
  {
    numeral: 'V',
    name: 'build, release, run',
    expected: 'the files still have the digest of their build; that artifact is what runs',
    where: ({ artifact }) => artifact.folder,
    shows: ({ artifact }) => `artifact ${artifact.digest.slice(0, 8)}`,
    faults: ({ artifact: { digest, folder }, measuredDigest, instances }) => [
      measuredDigest !== digest && 'the artifact was changed after its build',
      ...ofInfo(instances, (info) => info.digest !== digest && `runs ${info.digest.slice(0, 8)}`),
      ...ofProcess(
        instances,
        ({ command }) => !command.includes(join(folder, 'main.cjs')) && 'runs another program',
      ),
    ],
  },
  {
    numeral: 'VI',
    name: 'processes',
    expected: 'no state on the local disk, except in a file that a variable names',
    where: ({ app }) => `apps/${app}/src, for files that it writes`,
    shows: ({ instances }) =>
      instances.flatMap((each) => each.process?.writes ?? []).join(', ') || 'no open file',
    unmeasured: notShown,
    faults: ({ instances }) =>
      ofProcess(instances, ({ writes, env }) => {
        const named = Object.values(env).filter((value) => value.startsWith('/'));
        const other = writes.filter((file) => !named.some((name) => file.startsWith(name)));
        return other.length > 0 && `writes ${other.join(', ')}`;
      }),
  },
  {
    numeral: 'VII',
    name: 'port binding',
    expected: 'each instance answers at its own port, and the registry has that address',
    where: ({ app }) => `fieldguide logs ${app}; the registry: /v1/agent/services of Consul`,
    shows: ({ instances }) => instances.map(({ url }) => url).join(', '),
    faults: ({ instances }) => [
      ...ofInfo(
        instances,
        (info, { name, url }) => info.instance !== name && `${url} belongs to ${info.instance}`,
      ),
      ...instances
        .filter(({ processes }) => processes !== 'worker')
        .map(
          ({ id, registered, url }) =>
            registered !== url && `${id} is at ${url}, in the registry: ${registered ?? 'nowhere'}`,
        ),
    ],
  },
  {
    numeral: 'VIII',
    name: 'concurrency',
    expected: 'as many operating system processes of each type as wanted',
    where: ({ app }) => `fieldguide status; fieldguide scale ${app} 2`,
    shows: ({ instances }) => instances.map(({ id, processes }) => `${id} ${processes}`).join(', '),
    faults: ({ wantedInstances, instances }) => [
      ...instancesByProcesses(wantedInstances).map(([type, wanted]) => {
        const running = instances.filter((each) => each.processes === type && each.pid > 0).length;
        return running !== wanted && `${running} of ${wanted} instances run ${type}`;
      }),
      new Set(instances.map(({ pid }) => pid)).size < instances.length &&
        'instances share a process',
      ...ofProcess(
        instances,
        ({ env }, { processes }) =>
          env['PROCESSES'] !== processes && `runs ${env['PROCESSES']} instead of ${processes}`,
      ),
    ],
  },
  {
    numeral: 'IX',
    name: 'disposability',
    expected: `ready within ${READY_WITHIN_MS / 1_000} s; SIGTERM is handled`,
    where: ({ app }) => `fieldguide logs ${app}; libs/service/src/run-service.ts`,
    shows: ({ instances }) => `ready after ${instances.map(readyMs).join(', ')} ms`,
    unmeasured: (app) =>
      notShown(app) ?? (app.instances.some((each) => !readyMs(each)) && 'its start is not logged'),
    faults: ({ instances }) => [
      ...instances.map((each) => {
        const ms = readyMs(each) ?? 0;
        return ms > READY_WITHIN_MS && `${each.id} was ready after ${ms} ms`;
      }),
      ...ofProcess(instances, ({ handlesSigterm }) => !handlesSigterm && 'does not handle SIGTERM'),
    ],
  },
  {
    numeral: 'X',
    name: 'dev/prod parity',
    expected: 'the same backing services as in the containers, in the same major version',
    where: () => 'docker-compose.yml; fieldguide services',
    shows: ({ services }) =>
      services.map((each) => `${each.name} ${each.version} and ${each.inContainers}`).join(', '),
    unmeasured: ({ services }) =>
      services.some(({ inContainers }) => !inContainers) && 'docker-compose.yml has no image of it',
    faults: ({ services }) =>
      services.map(
        ({ name, version, inContainers = version }) =>
          major(version) !== major(inContainers) &&
          `${name} is ${version} here, ${inContainers} in the containers`,
      ),
  },
  {
    numeral: 'XI',
    name: 'logs',
    expected:
      'standard output goes to the platform, one JSON object a line, with time and instance',
    where: ({ app }) => `fieldguide logs ${app}`,
    shows: ({ instances }) => `${instances.flatMap(({ log }) => log).length} lines`,
    faults: ({ instances }) => [
      ...instances.map((each) => ownLines(each).length === 0 && `${each.id} has logged nothing`),
      ...instances.map(({ id, name, log }) => {
        const slot = name.replace(/\d+$/, '');
        const line = log.find((text) => !writerOf(text)?.startsWith(slot));
        return line !== undefined && `${id} logged: ${line.slice(0, 60)}`;
      }),
      ...ofProcess(
        instances,
        ({ stdout }, { logFile }) => stdout !== logFile && `writes to ${stdout}`,
      ),
    ],
  },
  {
    numeral: 'XII',
    name: 'admin processes',
    expected: 'a one-off process of this release, or of one before, migrated the database',
    where: ({ app }) => `logs/${app}-provision.log of the environment`,
    shows: ({ migratedBy = '' }) => `migrated by artifact ${migratedBy.slice(0, 8)}`,
    unmeasured: ({ uses }) => !uses.includes('database') && 'it has no database to migrate',
    faults: ({ uses, migratedBy = 'none', artifact, earlier }) => [
      uses.includes('database') &&
        ![artifact.digest, ...earlier].includes(migratedBy) &&
        `migrated by artifact ${migratedBy.slice(0, 8)}`,
    ],
  },
];

/** Compares every factor with the evidence of one app. */
export function judgeFactors(app: AppEvidence): Finding[] {
  const noInstance = () => ['no instance runs'];
  return factors.map((factor) => {
    const check = app.instances.length > 0 ? factor : { ...factor, faults: noInstance };
    return judge(app.app, { ...check, name: `${factor.numeral} ${factor.name}` }, app);
  });
}

type Fault = string | false | undefined;

function ofInfo(
  instances: readonly InstanceEvidence[],
  fault: (info: NonNullable<InstanceEvidence['info']>, instance: InstanceEvidence) => Fault,
): Fault[] {
  return instances.map((each) => {
    const found = each.info ? fault(each.info, each) : 'gives no answer to GET /info';
    return found && `${each.id} ${found}`;
  });
}

/** Where the operating system shows nothing there is no fault. */
function ofProcess(
  instances: readonly InstanceEvidence[],
  fault: (process: ProcessEvidence, instance: InstanceEvidence) => Fault,
): Fault[] {
  return instances.map((each) => {
    const found = each.process && fault(each.process, each);
    return found && `${each.id} ${found}`;
  });
}

function notShown({ instances }: AppEvidence): string | undefined {
  return instances.every(({ process }) => process)
    ? undefined
    : 'this operating system does not show what a process does';
}

function addressesOf({ uses }: AppEvidence): string[] {
  const keys = (['database', 'messaging'] as const).filter((each) => uses.includes(each));
  return ['CONSUL_HTTP_ADDR', ...keys.map((key) => addressOf[key])];
}

const major = (version: string) => version.split('.')[0];

function readyMs(instance: InstanceEvidence): number | undefined {
  const line = ownLines(instance).find((text) => text.includes('is ready"'));
  return line === undefined ? undefined : Number(/"ms":(\d+)/.exec(line)?.[1]);
}

/** The file is that of a slot: the instance before this one writes there until it has stopped. */
function ownLines({ log, name }: InstanceEvidence): string[] {
  return log.filter((line) => writerOf(line) === name);
}

/** Returns the instance that has written a line; undefined when the line is no JSON object with time, level and instance. */
function writerOf(line: string): string | undefined {
  try {
    const { time, level, instance } = JSON.parse(line);
    return time && level ? instance : undefined;
  } catch {
    return undefined;
  }
}
