import type { Child } from '../runner/child.ts';

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
  stop(): Promise<void>;
}

export interface Choices {
  readonly postgres?: string;
  readonly kafka?: string;
  readonly consul?: string;
}

/** Tells a person what goes on while it lasts. */
export type Say = (line: string) => void;
