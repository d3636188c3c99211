import type { Platform } from '../platform.ts';
import type { Faults } from './faults.ts';

/** How a started fault ends. */
export interface Effect {
  /** Ends what the fault does. Immediate, because a stopping platform calls it before it stops the apps. */
  release(): void;
  /** Returns the system to its state before the fault. Resolves when that is reached. */
  restore(): Promise<void>;
}

/** What a fault acts on. */
export interface FaultContext {
  readonly id: number;
  readonly platform: Pick<
    Platform,
    'backing' | 'environment' | 'events' | 'gatewayUrl' | 'isStopping' | 'reconcilers' | 'secrets'
  >;
  readonly faults: Pick<Faults, 'down' | 'frozen' | 'proxies'>;
  /** Ends the fault before its time. */
  readonly end: () => void;
}
