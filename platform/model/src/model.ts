import type { PluginSpec } from './plugin.ts';
import type { Alert, Objective } from './slo.ts';

type SecretKind = 'random' | 'es256-key';

/** Where the value of an environment variable comes from; resolved by the platform that runs the system. */
export type Binding<App extends string = string> =
  | { readonly from: 'secret'; readonly name: string; readonly kind: SecretKind }
  | { readonly from: 'url'; readonly app: App }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'oauth-clients' };

/** A secret of the environment. Every app that binds the same name gets the same value. */
export const secret = (name: string, kind: SecretKind = 'random'): Binding<never> => ({
  from: 'secret',
  name,
  kind,
});

/** The address of another app with a public port. */
export const urlOf = <const App extends string>(app: App): Binding<App> => ({ from: 'url', app });

/** A file in the environment's folder; `reset` deletes it. */
export const file = (path: string): Binding<never> => ({ from: 'file', path });

/** Every OAuth client with its secret and scopes, as JSON. */
export const oauthClients: Binding<never> = { from: 'oauth-clients' };

/** What a process of an app does: `web` serves requests, `worker` handles messages and background work. */
export type ProcessType = 'web' | 'worker';

/** The process types that one instance runs, as its variable PROCESSES has them. */
export type Processes = ProcessType | 'web,worker';

/** A number of instances that run both process types, or a number for each type. */
export type Scale = number | Readonly<Record<ProcessType, number>>;

/** What the platform needs to know of one app. */
export interface AppSpec<App extends string = string, Team extends string = string> {
  /** `external`: a stand-in for a service of another organisation. */
  readonly kind: 'service' | 'gateway' | 'external';
  /** The team that changes it, and is called when it fails. */
  readonly team: Team;
  /** What it owns, in one line: for README and diagrams. */
  readonly summary: string;
  /** The module that declares its topics, messages and HTTP schemas. */
  readonly contract?: Readonly<Record<string, unknown>>;
  readonly uses: readonly ('database' | 'messaging' | 'seed-data')[];
  /** Scopes of its OAuth client. */
  readonly scopes?: readonly string[];
  /** Variables beyond those that follow from the above, such as DATABASE_URL and CLIENT_SECRET. */
  readonly env?: Readonly<Record<string, Binding<App>>>;
  /** Settings that differ from their defaults in the environment `local`; written to Consul. */
  readonly localConfig?: Readonly<Record<string, string>>;
  /** One port for all its instances: outside the registry, and fixed or chosen by the platform. */
  readonly publicPort?: number | 'any';
  /** A path below the gateway's address that returns a status below 500 once the app is routable. */
  readonly probe?: `/${string}`;
  /** The path below the gateway's address at which it issues access tokens. One app has it. */
  readonly tokenPath?: `/${string}`;
  /** Files of npm packages that its artifact contains next to the bundle. */
  readonly assets?: readonly string[];
  /** Instances in a new environment, until `scale` changes them. Default: 1. An app without a database has no worker. */
  readonly instances?: Scale;
  /** Limit of its container. Default: 256. */
  readonly containerMemoryMb?: number;
}

/** A web application: static files, built by Vite from the folder of its name. */
export interface WebAppSpec<App extends string = string, Team extends string = string> {
  readonly team: Team;
  /** What it shows, in one line: for README and diagrams. */
  readonly summary: string;
  /** The app that serves its files, which finds their folder in WEB_FOLDER; or the API of the platform. */
  readonly servedBy: App | 'platform';
  /** Its name as a consumer in pacts. Without it, contracts do not speak about it. */
  readonly pacticipant?: string;
}

/** A whole system: what runs, and what the platform has to provide for it. */
export interface System<App extends string = string> {
  readonly name: string;
  /** Teams, each with the name under which the code host knows it: `@acme/checkout`. */
  readonly teams: Readonly<Record<string, `@${string}`>>;
  /** The team of what belongs to no app, and of a new service. */
  readonly team: string;
  readonly apps: Readonly<Record<App, AppSpec<App>>>;
  readonly webApps?: Readonly<Record<string, WebAppSpec<App>>>;
  /** Scopes of the OAuth client that the command line uses. */
  readonly operatorScopes: readonly string[];
  /** Settings of every app in the environment `local`. */
  readonly localConfig?: Readonly<Record<string, string>>;
  /** Service level objectives, in the order of the output. */
  readonly objectives?: readonly Objective[];
  /** Alerts beside those of the objectives and of apps that are down. */
  readonly alerts?: readonly Alert[];
  /** Commands that know the domain, in the order of the help. */
  readonly plugins?: Readonly<Record<string, PluginSpec<App>>>;
}

/** Type-checks a map: each `urlOf`, each need of a plug-in and each team has to name an app or a team of the same map. */
export const defineSystem = <
  const Apps extends Readonly<Record<string, AppSpec>>,
  const Team extends string,
>(
  system: Omit<System, 'apps' | 'webApps' | 'plugins' | 'teams' | 'team'> & {
    readonly teams: Readonly<Record<Team, `@${string}`>>;
    readonly team: NoInfer<Team>;
    readonly apps: Apps & {
      readonly [Name in keyof Apps]: AppSpec<keyof Apps & string, NoInfer<Team>>;
    };
    readonly webApps?: Readonly<Record<string, WebAppSpec<keyof Apps & string, NoInfer<Team>>>>;
    readonly plugins?: Readonly<Record<string, PluginSpec<keyof Apps & string>>>;
  },
): System<keyof Apps & string> => system;
