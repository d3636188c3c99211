import type { Environment, Ports } from '../environment.ts';
import type { Child, ChildRecord } from '../processes/child.ts';

export const backingNames = ['postgres', 'kafka', 'consul'] as const;
export type BackingName = (typeof backingNames)[number];

/** A backing service with its URL; an attached one and one that the platform runs look the same to the apps. */
export interface BackingService {
  readonly name: 'PostgreSQL' | 'Kafka' | 'Consul';
  readonly version: string;
  /** Its origin: attached, embedded, from Maven Central, on PATH, … */
  readonly origin: string;
  /** The value for the apps' configuration. */
  readonly url: string;
  /** Authorises the platform: Consul's, without which it has no ACLs. */
  readonly token?: string;
  /** Verifies its certificate, in place of the public certificate authorities; Consul only. */
  readonly caFile?: string;
  /** Its process, when the platform runs it. */
  readonly child?: Child;
  /** Its data folder, when the platform runs it. */
  readonly folder?: string;
  stop(): Promise<void>;
}

/** How to reach the backing services. */
export type Addresses = {
  readonly [Name in BackingName]: Pick<BackingService, 'url' | 'token' | 'caFile'> &
    Partial<Pick<BackingService, 'origin'>>;
};

/** The selected origin of each service; undefined: the first that works. */
export interface BackingServiceOptions {
  readonly postgres?: string;
  readonly kafka?: string;
  readonly consul?: string;
}

/** Receives the progress lines of a long operation. */
export type ProgressListener = (line: string) => void;

export interface StartContext {
  readonly environment: Environment;
  readonly ports: Ports;
  readonly postgresPassword: string;
  /** Consul's management token. */
  readonly consulToken: string;
  /** Of Kafka's administrator. */
  readonly kafkaPassword: string;
  readonly choice: string | undefined;
  readonly report: ProgressListener;
  /** The process that a killed platform left running; it is adopted instead of starting another. */
  readonly left: ChildRecord | undefined;
  /** Must be called as soon as the process exists: it has to be known even if the platform is killed before it is ready. */
  readonly spawned: (child: Child) => void;
  /** Aborts the start at any step. */
  readonly signal: AbortSignal;
}

/** Formats an address for display, without scheme and password. */
export function addressOf(url: string): string {
  return url.replace(/^[a-z+]+:\/\/(?:[^@]*@)?/, '').replace(/[/?].*$/, '');
}
