// What the console reads of the platform's API (GET /openapi.json) and of the apps' operator endpoints.

export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly processes: string;
  readonly health: string;
  readonly dependencies: Readonly<
    Record<string, { readonly state: string; readonly detail?: string }>
  >;
  readonly version: string;
  readonly digest: string;
  readonly url: string;
  readonly pid: number;
  readonly restarts: number;
  readonly cpuPercent: number | null;
  readonly memoryMb: number | null;
  readonly memoryLimitMb: number;
  readonly upSeconds: number;
}

export interface AppStatus {
  readonly app: string;
  readonly team: string;
  readonly wantedInstances: number | { readonly web: number; readonly worker: number };
  readonly memoryMb: number;
  readonly version: string;
  readonly digest: string;
  readonly earlier: readonly string[];
  readonly instances: readonly Instance[];
}

export interface ServiceStatus {
  readonly service: string;
  readonly name: string;
  readonly version: string;
  readonly origin: string;
  readonly address: string;
  readonly state: string;
  readonly restarts: number;
  readonly sizeMb: number | null;
}

export interface Status {
  readonly environment: string;
  readonly gatewayUrl: string;
  readonly apps: readonly AppStatus[];
  readonly services: readonly ServiceStatus[];
  /** Absent in a platform without fault injection. */
  readonly faults?: readonly Fault[];
}

export interface PlatformEvent {
  readonly id: number;
  readonly time: string;
  readonly level: 'info' | 'warn';
  readonly text: string;
  readonly app?: string;
}

export interface Fault {
  readonly id: number;
  readonly kind: string;
  readonly target: string;
  readonly to: string | null;
  readonly title: string;
  readonly app: string | null;
  readonly service: string | null;
  readonly topic: string | null;
  readonly state: 'starting' | 'active' | 'ending';
  readonly startedAt: string;
  readonly endsAt: string;
  readonly parameters: Readonly<Record<string, string | number>>;
}

export interface FaultKind {
  readonly kind: string;
  readonly summary: string;
  readonly restores: string;
  readonly target: string;
  readonly targets: readonly string[];
  readonly to: Readonly<Record<string, readonly string[]>>;
  readonly parameters: readonly {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly default: number | null;
    readonly min: number;
    readonly max: number;
  }[];
  readonly isMomentary: boolean;
}

export interface FaultList {
  readonly faults: readonly Fault[];
  readonly maxActive: number;
  readonly kinds: readonly FaultKind[];
}

export interface MapEdge {
  readonly from: string;
  readonly to: string;
  readonly via: 'http' | 'topic';
  readonly topic: string | null;
  readonly messages: readonly string[];
  readonly isCommon: boolean;
}

export interface SystemMap {
  readonly apps: readonly {
    readonly app: string;
    readonly kind: 'service' | 'gateway' | 'external';
    readonly summary: string;
    readonly team: string;
    readonly uses: readonly string[];
  }[];
  readonly clients: readonly string[];
  readonly topics: readonly { readonly topic: string; readonly owner: string }[];
  readonly edges: readonly MapEdge[];
  readonly plugins: readonly string[];
}

export interface LiveEdge {
  readonly from: string | null;
  readonly to: string;
  readonly via: 'http' | 'topic';
  readonly topic: string | null;
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface TraceSummary {
  readonly traceId: string;
  readonly name: string;
  readonly app: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
  readonly apps: readonly string[];
}
