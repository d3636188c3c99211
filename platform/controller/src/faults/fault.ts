import { z } from 'zod';

/** Active at the same time, in one environment. */
export const FAULTS_MAX = 8;
const MINUTE_S = 60;

interface Parameter {
  readonly description: string;
  readonly unit: 'ms' | '%' | '';
  /** Null: required. */
  readonly default: number | null;
  readonly min: number;
  readonly max: number;
}
/** The numbers that faults take. */
export const parameters = {
  delayMs: { description: 'Delay', unit: 'ms', default: null, min: 1, max: 30_000 },
  jitterMs: {
    description: 'Deviation from the delay',
    unit: 'ms',
    default: 0,
    min: 0,
    max: 30_000,
  },
  percent: { description: 'Share of requests', unit: '%', default: 100, min: 1, max: 100 },
  status: { description: 'HTTP status', unit: '', default: 503, min: 500, max: 599 },
  count: { description: 'Number of records', unit: '', default: 10, min: 1, max: 100 },
} as const satisfies Record<string, Parameter>;
export type ParameterName = keyof typeof parameters;

const required = (name: ParameterName) =>
  z.int().min(parameters[name].min).max(parameters[name].max);
const optional = (name: ParameterName, byDefault: number) => required(name).default(byDefault);

const to = z.string().max(100).optional();
const percent = optional('percent', parameters.percent.default);

const request = <Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) =>
  z.strictObject({
    kind: z.literal(kind),
    /** An app, an instance (`app/2`), a backing service or a topic. */
    target: z.string().min(1).max(200),
    forSeconds: z
      .int()
      .min(1)
      .max(60 * MINUTE_S)
      .default(10 * MINUTE_S),
    /** Needed outside the environment `local`. */
    force: z.boolean().default(false),
    /** Status, lists and events show that a fault is active, but not which: for a lab. */
    hidden: z.boolean().optional(),
    ...shape,
  });

/** A requested fault. */
export const FaultRequest = z.discriminatedUnion('kind', [
  request('down', {}),
  request('freeze', {}),
  request('latency', {
    to,
    delayMs: required('delayMs'),
    jitterMs: optional('jitterMs', parameters.jitterMs.default),
    percent,
  }),
  request('reset', { to, percent }),
  request('refuse', { to }),
  request('http-error', { to, status: optional('status', parameters.status.default), percent }),
  request('slow-consumer', { delayMs: optional('delayMs', 500) }),
  request('poison-record', {}),
  request('duplicate-messages', { count: optional('count', parameters.count.default) }),
]);
export type FaultRequest = z.infer<typeof FaultRequest>;
export type FaultKindName = FaultRequest['kind'];
export const faultKindNames: readonly FaultKindName[] = FaultRequest.options.map(
  ({ shape }) => shape.kind.value,
);
export type RequestOf<Kind extends FaultKindName> = Extract<FaultRequest, { kind: Kind }>;

/** A fault that is active. */
export const Fault = z.object({
  id: z.int(),
  kind: z.string(),
  target: z.string(),
  /** The dependency, when the fault is on the way to one. */
  to: z.string().nullable(),
  title: z.string(),
  /** The app that it concerns. */
  app: z.string().nullable(),
  /** The backing service that it concerns. */
  service: z.string().nullable(),
  topic: z.string().nullable(),
  state: z.enum(['starting', 'active', 'ending']),
  startedAt: z.string(),
  endsAt: z.string(),
  parameters: z.record(z.string(), z.number()),
});
export type Fault = z.infer<typeof Fault>;

/** What a form for a fault needs. */
export const FaultKindInfo = z.object({
  kind: z.string(),
  summary: z.string(),
  restores: z.string(),
  target: z.enum(['app', 'app or backing service', 'instance', 'topic']),
  /** Possible values. */
  targets: z.array(z.string()),
  /** By app: its dependencies. Empty when the kind takes none. */
  to: z.record(z.string(), z.array(z.string())),
  parameters: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      unit: z.string(),
      default: z.number().nullable(),
      min: z.number(),
      max: z.number(),
    }),
  ),
  /** Nothing stays active. */
  isMomentary: z.boolean(),
});
export type FaultKindInfo = z.infer<typeof FaultKindInfo>;

export const FaultList = z.object({
  faults: z.array(Fault),
  maxActive: z.int(),
  kinds: z.array(FaultKindInfo),
});
export type FaultList = z.infer<typeof FaultList>;
