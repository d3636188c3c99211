import type { ComponentType } from 'react';
import { DeadLettersPage } from './dead-letters/dead-letters-page.tsx';
import { FaultsPage } from './faults/faults-page.tsx';
import { LabPage } from './lab/lab-page.tsx';
import { LogsPage } from './logs/logs-page.tsx';
import { MapPage } from './map/map-page.tsx';
import { OrderPage } from './orders/order-page.tsx';
import { OrdersPage } from './orders/orders-page.tsx';
import { ProjectionsPage } from './projections/projections-page.tsx';
import { SettingsPage } from './settings/settings-page.tsx';
import { ObjectivesPage } from './slo/objectives-page.tsx';
import { SystemPage } from './system/system-page.tsx';
import { TracesPage } from './traces/traces-page.tsx';

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
  { path: '/map', name: 'Map', view: MapPage },
  { path: '/orders', name: 'Orders', plugin: 'orders', view: OrdersPage },
  { path: '/orders/:id', plugin: 'orders', view: OrderPage },
  { path: '/logs', name: 'Logs', view: LogsPage },
  { path: '/traces', name: 'Traces', view: TracesPage },
  { path: '/dead-letters', name: 'Dead letters', view: DeadLettersPage },
  { path: '/projections', name: 'Projections', plugin: 'events', view: ProjectionsPage },
  { path: '/settings', name: 'Settings', view: SettingsPage },
  { path: '/faults', name: 'Faults', view: FaultsPage },
  { path: '/objectives', name: 'Objectives', view: ObjectivesPage },
  { path: '/lab', name: 'Lab', plugin: 'labs', view: LabPage },
];
