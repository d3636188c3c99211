import type { Environment, Ports } from '../environment.ts';
import type { Child, ChildRecord } from '../processes/child.ts';

export const backingNames = ['postgres', 'kafka', 'consul'] as const;
export type BackingName = (typeof backingNames)[number];

/** A service that is attached by URL; where it comes from is the chain's business. */
export interface BackingService {
  readonly name: 'PostgreSQL' | 'Kafka' | 'Consul';
  readonly version: string;
  /** How it was found: attached, embedded, from Maven Central, on PATH, … */
  readonly origin: string;
  /** What goes into configuration. */
  readonly url: string;
  /** Its process, when it is ours. */
  readonly child?: Child;
  /** Its data, when they are ours. */
  readonly folder?: string;
  stop(): Promise<void>;
}

/** Where the three are. */
export type Addresses = { readonly [Name in BackingName]: Pick<BackingService, 'url'> };

/** Which link of a chain somebody wants, instead of the first that works. */
export interface BackingServiceOptions {
  readonly postgres?: string;
  readonly kafka?: string;
  readonly consul?: string;
}

/** Tells a person what goes on while it lasts. */
export type ProgressListener = (line: string) => void;

export interface StartContext {
  readonly environment: Environment;
  readonly ports: Ports;
  readonly postgresPassword: string;
  readonly choice: string | undefined;
  readonly report: ProgressListener;
  /** Left running by a platform that was killed: taken over instead of starting another. */
  readonly left: ChildRecord | undefined;
  /** To be told of a process as soon as there is one: whoever is killed before it is ready must not leave it unknown. */
  readonly spawned: (child: Child) => void;
  /** Ends the start, wherever it is. */
  readonly signal: AbortSignal;
}
