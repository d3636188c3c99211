import type { ComponentType } from 'react';
import { LogsPage } from './logs/logs-page.tsx';
import { SystemPage } from './system/system-page.tsx';

interface PageRoute {
  /** Below `/console`. */
  readonly path: string;
  /** In the rail; a detail has none. */
  readonly name?: string;
  /** The plug-in of the map without which the page makes no sense. */
  readonly plugin?: string;
  // biome-ignore lint/suspicious/noExplicitAny: each view takes the parameters of its own path
  readonly view: ComponentType<any>;
}

/** Every view with its address, in the order of the rail. */
export const pages: readonly PageRoute[] = [
  { path: '/system', name: 'System', view: SystemPage },
  { path: '/logs', name: 'Logs', view: LogsPage },
];
