// What follows from the map of a system. Pure: the same map gives the same result.
import type { AppSpec, Binding, System } from './model.ts';

/** A topic as Kafka has it, and the app whose contract declares it. */
export interface TopicSpec {
  readonly name: string;
  readonly owner: string;
  /** `events`: the owner publishes. `commands`: others publish, the owner consumes. */
  readonly kind: 'events' | 'commands';
  readonly partitions: number;
  /** The apps that may publish on it. */
  readonly senders: readonly string[];
  /** Kafka's names and values. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What a contract exports for each of its topics; matched by shape. */
interface DeclaredTopic extends Pick<TopicSpec, 'name' | 'kind' | 'partitions' | 'senders'> {
  readonly retention: 'compact' | { readonly days: number } | { readonly hours: number };
}

/** Every topic of every contract. */
export function topics(system: System): readonly TopicSpec[] {
  return Object.entries(system.apps).flatMap(([owner, { contract = {} }]) =>
    Object.values(contract)
      .filter(isTopic)
      .map(({ name, kind, partitions, retention, senders }) => ({
        name,
        owner,
        kind,
        partitions,
        senders,
        settings: settingsOf(retention),
      })),
  );
}

function isTopic(value: unknown): value is DeclaredTopic {
  return typeof value === 'object' && value !== null && 'partitions' in value;
}

const minutes = (count: number) => String(count * 60 * 1_000);
const DAY_IN_MINUTES = 24 * 60;

// Kafka deletes whole segments, by their newest record: without segment.ms one record a day would keep the old ones for
// another week. So a record is kept for retention.ms and at most segment.ms more (docs/reference/retention.md).
function settingsOf(retention: DeclaredTopic['retention']): TopicSpec['settings'] {
  if (retention === 'compact')
    return { 'cleanup.policy': 'compact', 'segment.ms': minutes(DAY_IN_MINUTES) };
  if ('hours' in retention)
    return { 'retention.ms': minutes(retention.hours * 60), 'segment.ms': minutes(10) };
  return {
    'retention.ms': minutes(retention.days * DAY_IN_MINUTES),
    'segment.ms': minutes(DAY_IN_MINUTES),
    'segment.bytes': '16777216',
  };
}

/** A topic of another app whose messages an app handles. */
export interface Subscription {
  readonly app: string;
  readonly topic: string;
}

/** What one app may do at the broker; everything else is refused. */
export interface BrokerGrant {
  readonly app: string;
  readonly publishes: readonly string[];
  readonly consumes: readonly string[];
}

/**
 * The topics of each app that uses messaging: it publishes what contracts let it send, and consumes its own topics and those
 * that it handles.
 */
export function brokerGrants(
  system: System,
  subscriptions: readonly Subscription[],
): readonly BrokerGrant[] {
  const all = topics(system);
  return appsWith(system, 'messaging').map((app) => {
    const handled = new Set(
      subscriptions.filter((each) => each.app === app).map(({ topic }) => topic),
    );
    const named = (has: (topic: TopicSpec) => boolean) => all.filter(has).map(({ name }) => name);
    return {
      app,
      publishes: named(({ senders }) => senders.includes(app)),
      consumes: named(({ name, owner }) => owner === app || handled.has(name)),
    };
  });
}

/** Names of the apps that have a database. */
export function databases(system: System): readonly string[] {
  return appsWith(system, 'database');
}

/** Names of the apps that use something. */
export function appsWith(system: System, what: AppSpec['uses'][number]): readonly string[] {
  return Object.keys(system.apps).filter((name) => system.apps[name]!.uses.includes(what));
}

/** The name of the web application that an app, or the platform, serves. */
export function webAppOf(system: System, servedBy: string): string | undefined {
  const all = Object.entries(system.webApps ?? {});
  return all.find(([, each]) => each.servedBy === servedBy)?.[0];
}

/** The names of web applications as consumers in pacts. */
export function webConsumers(system: System): readonly string[] {
  return Object.values(system.webApps ?? {}).flatMap(({ pacticipant }) => pacticipant ?? []);
}

/** Names of the apps whose instances share one port outside the registry. */
export function appsWithPublicPort(system: System): readonly string[] {
  return Object.keys(system.apps).filter((name) => system.apps[name]!.publicPort !== undefined);
}

/** Settings of the environment `local`, by folder in Consul: `common`, or the name of an app. */
export function localConfig(
  system: System,
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const own = Object.entries(system.apps).flatMap(([name, { localConfig: values }]) =>
    values ? [[name, values] as const] : [],
  );
  return { common: system.localConfig ?? {}, ...Object.fromEntries(own) };
}

/** Our apps call each other as OAuth clients; an external one has credentials of its own. */
const isClient = ({ kind }: AppSpec) => kind !== 'external';

/** Scopes by OAuth client: the apps, and the operator of the command line. */
export function oauthClientScopes(system: System): Readonly<Record<string, readonly string[]>> {
  const apps = Object.entries(system.apps)
    .filter(([, app]) => isClient(app))
    .map(([name, { scopes = [] }]) => [name, scopes]);
  return { ...Object.fromEntries(apps), operator: system.operatorScopes };
}

type SecretBinding = Extract<Binding, { from: 'secret' }>;

/** Every named secret, once, with the kind of value that it has. */
export function secrets(system: System): ReadonlyMap<string, SecretBinding['kind']> {
  const bound = Object.values(system.apps).flatMap(({ env = {} }) => Object.values(env));
  const named = bound.filter((each): each is SecretBinding => each.from === 'secret');
  return new Map(named.map(({ name, kind }) => [name, kind]));
}

/** Folders of the environment that hold the files of apps. */
export function fileFolders(system: System): readonly string[] {
  const bound = Object.values(system.apps).flatMap(({ env = {} }) => Object.values(env));
  return bound.flatMap((each) => (each.from === 'file' ? each.path.split('/').slice(0, 1) : []));
}

/** Keys whose values only the app itself may read; the others are addresses and names. */
export function secretKeys(app: AppSpec): ReadonlySet<string> {
  const { env = {}, uses } = app;
  const isSecret = ({ from }: Binding) => from === 'secret' || from === 'oauth-clients';
  return new Set([
    'CONSUL_HTTP_TOKEN',
    ...(isClient(app) ? ['CLIENT_SECRET'] : []),
    ...(uses.includes('database') ? ['DATABASE_URL'] : []),
    ...(uses.includes('messaging') ? ['MESSAGING_URL'] : []),
    ...Object.keys(env).filter((key) => isSecret(env[key]!)),
  ]);
}

/** The key that names the thumbprints of the token issuer's keys. */
export const KEY_THUMBPRINTS = 'TOKEN_KEY_THUMBPRINTS';

/** Keys whose values change while the app runs: it reads them from files. */
export function rotatedKeys(app: AppSpec): ReadonlySet<string> {
  const { env = {} } = app;
  const isKey = (each: Binding) => each.from === 'secret' && each.kind === 'es256-key';
  return new Set([
    ...(isClient(app) ? [KEY_THUMBPRINTS] : []),
    ...Object.keys(env).filter((key) => isKey(env[key]!)),
  ]);
}

/** Where things are in one environment. */
export interface Values {
  readonly system: string;
  readonly environment: string;
  readonly consulUrl: string;
  readonly consulToken: string;
  /** File with the authority of Consul's certificate, unless it is a public one. */
  readonly consulCaFile?: string | undefined;
  readonly kafkaUrl: string;
  readonly databaseUrl: string;
  readonly clientSecret: string;
  /** Whose tokens our apps accept. */
  readonly tokenSettings?: Readonly<Record<string, string>>;
  readonly publicPort?: number | undefined;
  /** Of the web application that the app serves. */
  readonly webFolder?: string | undefined;
  resolve(binding: Binding): string | undefined;
}

/** The environment variables of an instance. Other settings stay in Consul, where they can change while it runs. */
export function instanceEnv(app: AppSpec, values: Values): Record<string, string> {
  const { uses, env = {} } = app;
  const own = Object.entries(env).flatMap(([key, binding]) => {
    const value = values.resolve(binding);
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    SYSTEM_NAME: values.system,
    ENVIRONMENT: values.environment,
    CONSUL_HTTP_ADDR: values.consulUrl,
    CONSUL_HTTP_TOKEN: values.consulToken,
    ...(values.consulCaFile && { CONSUL_CACERT: values.consulCaFile }),
    ...(isClient(app) && { CLIENT_SECRET: values.clientSecret, ...values.tokenSettings }),
    ...(uses.includes('database') && { DATABASE_URL: values.databaseUrl }),
    ...(uses.includes('messaging') && { MESSAGING_URL: values.kafkaUrl }),
    ...(values.publicPort !== undefined && { PUBLIC_PORT: String(values.publicPort) }),
    ...(values.webFolder && { WEB_FOLDER: values.webFolder }),
    ...Object.fromEntries(own),
  };
}

/** Paths that show that the gateway routes to every app that serves requests. */
export function probes(
  system: System,
  isServing: (app: string) => boolean = () => true,
): readonly string[] {
  return Object.entries(system.apps).flatMap(([app, { probe }]) =>
    probe && isServing(app) ? probe : [],
  );
}
