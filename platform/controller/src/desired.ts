import { existsSync, readFileSync, renameSync } from 'node:fs';
import { type App, apps, webAppNames } from '@fieldguide/platform-host/apps';
import { type Environment, writeFileSafely } from '@fieldguide/platform-host/environment';
import { z } from 'zod';
import { assertScale, StoredScale } from './scale.ts';

const DesiredArtifact = z.object({
  /** Of the artifact that should run; none before the first start. */
  digest: z.string().optional(),
  /** Sources that were pushed last: a start deploys newer ones and keeps a rollback. */
  pushedSources: z.string().optional(),
  /** Artifacts that ran before, the last one first. */
  earlier: z.array(z.string()),
});
type DesiredArtifact = z.infer<typeof DesiredArtifact>;

const DesiredApp = DesiredArtifact.extend({
  instances: StoredScale,
  memoryMb: z.int().min(1),
  /** Overridden live settings, by key; written to Consul again if it loses them. */
  settings: z.record(z.string(), z.string()),
  /** Other overridden settings: environment variables of new instances. */
  variables: z.record(z.string(), z.string()).default({}),
  /** Counts the requested restarts: another number is another spec. */
  revision: z.int(),
});
export type DesiredApp = z.infer<typeof DesiredApp>;

const Desired = z.object({
  /** Of the next instance that is started. */
  serial: z.int(),
  apps: z.record(z.string(), DesiredApp),
  /** Static files: no instances. */
  webApps: z.record(z.string(), DesiredArtifact).default({}),
});

const EARLIER_KEPT = 3;
/** Default memory limit of an instance; an idle one uses a third of it. */
export const MEMORY_MB = 320;

/** Stores the desired state in one file, from which a killed platform resumes. */
export class DesiredState {
  readonly #file: string;
  #state: z.infer<typeof Desired>;

  /**
   * @param report receives a line when an unreadable file is renamed
   * @throws CliError when the map splits an app that has no worker
   */
  constructor(environment: Environment, report: (line: string) => void) {
    this.#file = environment.path('desired.json');
    this.#state = complete(read(this.#file, report));
  }

  /** As before the first start; numbers of instances are not used again. */
  clear(): void {
    this.#save(complete({ serial: this.#state.serial, apps: {}, webApps: {} }));
  }

  /** Of an app or a web application. */
  artifact(name: string): DesiredArtifact {
    return this.#state.apps[name] ?? this.#state.webApps[name]!;
  }

  app(name: string): DesiredApp {
    return this.#state.apps[name]!;
  }

  /** Written before anything is done about it. @throws CliError when that is not possible; then nothing has changed */
  change(name: string, change: Partial<DesiredApp>): void {
    const apps = { ...this.#state.apps, [name]: { ...this.app(name), ...change } };
    this.#save({ ...this.#state, apps });
  }

  /** Another artifact; the one before is remembered, for `rollback`. */
  run(name: string, digest: string, pushedSources?: string): void {
    const before = this.artifact(name);
    const others = [...(before.digest ? [before.digest] : []), ...before.earlier];
    const change = {
      ...before,
      digest,
      earlier: [...new Set(others.filter((each) => each !== digest))].slice(0, EARLIER_KEPT),
      ...(pushedSources && { pushedSources }),
    };
    if (name in this.#state.apps) this.change(name, change);
    else this.#save({ ...this.#state, webApps: { ...this.#state.webApps, [name]: change } });
  }

  nextSerial(): number {
    const { serial } = this.#state;
    this.#save({ ...this.#state, serial: serial + 1 });
    return serial;
  }

  #save(state: z.infer<typeof Desired>): void {
    writeFileSafely(this.#file, JSON.stringify(state, null, 2), 0o600);
    this.#state = state;
  }
}

/** Digests that some environment may still want to run: their artifacts must stay. */
export function digestsIn(text: string): string[] {
  const state = Desired.safeParse(JSON.parse(text));
  const { apps = {}, webApps = {} } = state.data ?? {};
  return Object.values({ ...apps, ...webApps }).flatMap(({ digest, earlier }) => [
    ...(digest ? [digest] : []),
    ...earlier,
  ]);
}

function read(file: string, report: (line: string) => void): z.infer<typeof Desired> {
  const emptyState = { serial: 1, apps: {}, webApps: {} };
  if (!existsSync(file)) return emptyState;
  try {
    return Desired.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const asideFile = `${file}.unreadable`;
    renameSync(file, asideFile);
    report(
      `! What should run could not be read (${(error as Error).message}); one of each. See ${asideFile}`,
    );
    return emptyState;
  }
}

function complete({ serial, ...known }: z.infer<typeof Desired>): z.infer<typeof Desired> {
  const initial = apps.map((app) => [app.name, initialState(app)]);
  const web = webAppNames.map((name) => [name, { earlier: [] }]);
  return {
    serial,
    apps: { ...Object.fromEntries(initial), ...known.apps },
    webApps: { ...Object.fromEntries(web), ...known.webApps },
  };
}

function initialState(app: App): DesiredApp {
  const { instances = 1 } = app.spec;
  assertScale(app, instances);
  return { instances, memoryMb: MEMORY_MB, earlier: [], settings: {}, variables: {}, revision: 0 };
}
