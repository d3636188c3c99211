import { z } from 'zod';
import { type Attributes, type AttributeValue, type Span, spanKinds } from './span.ts';

const ATTRIBUTES_MAX = 128;
const EVENTS_MAX = 128;
const TEXT_MAX = 2_000;
const NAME_MAX = 250;
// A span with a clock far from ours would stay at one end of every list.
const CLOCK_DIFFERENCE_MAX_US = 24 * 3_600 * 1e6;
const ERROR = 2;

const Integer = z.union([z.string().regex(/^-?\d{1,20}$/), z.int()]);
const Value = z.looseObject({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: Integer.optional(),
  doubleValue: z.union([z.number(), z.string()]).optional(),
  arrayValue: z.looseObject({ values: z.array(z.unknown()).default([]) }).optional(),
});
const KeyValues = z
  .array(z.looseObject({ key: z.string(), value: Value.default({}) }))
  .default([])
  .transform((list) => attributesOf(list));
const hexId = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`, 'i'))
    .refine((id) => !/^0+$/.test(id))
    .transform((id) => id.toLowerCase());
const TimeUs = Integer.transform((nanoseconds) => Math.round(Number(nanoseconds) / 1_000));

const OtlpSpan = z.looseObject({
  traceId: hexId(32),
  spanId: hexId(16),
  parentSpanId: z.union([z.literal('').transform(() => null), hexId(16)]).nullish(),
  name: z.string().default(''),
  kind: z.int().default(0),
  startTimeUnixNano: TimeUs,
  endTimeUnixNano: TimeUs,
  attributes: KeyValues,
  events: z
    .array(
      z.looseObject({ name: z.string().default(''), timeUnixNano: TimeUs, attributes: KeyValues }),
    )
    .default([]),
  links: z.array(z.looseObject({ traceId: hexId(32), spanId: hexId(16) })).default([]),
  status: z
    .looseObject({ code: z.int().default(0), message: z.string().optional() })
    .default({ code: 0 }),
});

const Request = z.looseObject({
  resourceSpans: z
    .array(
      z.looseObject({
        resource: z.looseObject({ attributes: KeyValues }).default({ attributes: {} }),
        scopeSpans: z.array(z.looseObject({ spans: z.array(z.unknown()).default([]) })).default([]),
      }),
    )
    .default([]),
});

/**
 * Converts the body of an OTLP/HTTP request in JSON. An invalid span is counted and does not affect the others.
 * Long texts and lists are cut.
 * @throws ZodError when the body is not a request of spans
 */
export function readSpans(body: unknown, nowMs: number): { spans: Span[]; rejected: number } {
  const spans: Span[] = [];
  let rejected = 0;
  for (const { resource, scopeSpans } of Request.parse(body).resourceSpans) {
    for (const given of scopeSpans.flatMap((scope) => scope.spans)) {
      const span = spanOf(given, resource.attributes);
      const isNear = span && Math.abs(span.startUs - nowMs * 1_000) < CLOCK_DIFFERENCE_MAX_US;
      if (isNear) spans.push(span);
      else rejected++;
    }
  }
  return { spans, rejected };
}

function spanOf(given: unknown, resource: Attributes): Span | undefined {
  const { success, data: span } = OtlpSpan.safeParse(given);
  if (!success) return undefined;
  const { attributes, startTimeUnixNano: startUs, endTimeUnixNano: endUs, status } = span;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentId: span.parentSpanId ?? null,
    app: String(resource['service.name'] ?? 'unknown_service').slice(0, NAME_MAX),
    instance: textOrNull(resource['service.instance.id']),
    kind: spanKinds[span.kind - 1] ?? 'internal',
    name: span.name.slice(0, NAME_MAX),
    startUs,
    durationUs: Math.max(0, endUs - startUs),
    error: status.code === ERROR,
    statusMessage: textOrNull(status.message),
    attributes,
    events: span.events.slice(0, EVENTS_MAX).map(({ name, timeUnixNano, attributes: own }) => ({
      name: name.slice(0, NAME_MAX),
      timeUs: timeUnixNano,
      attributes: own,
    })),
    links: span.links.slice(0, EVENTS_MAX).map(({ traceId, spanId }) => ({ traceId, spanId })),
  };
}

function textOrNull(value: AttributeValue | undefined): string | null {
  return value === undefined || value === '' ? null : String(value).slice(0, TEXT_MAX);
}

function attributesOf(
  list: readonly { key: string; value: z.infer<typeof Value> }[],
): Record<string, AttributeValue> {
  const entries = list
    .slice(0, ATTRIBUTES_MAX)
    .map(({ key, value }) => [key.slice(0, NAME_MAX), attributeOf(value)] as const);
  return Object.fromEntries(entries);
}

function attributeOf(value: z.infer<typeof Value>): AttributeValue {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value;
  if (stringValue !== undefined) return stringValue.slice(0, TEXT_MAX);
  if (boolValue !== undefined) return boolValue;
  if (intValue !== undefined) {
    const number = Number(intValue);
    return Number.isSafeInteger(number) ? number : String(intValue);
  }
  if (doubleValue !== undefined) return doubleValue;
  return JSON.stringify(arrayValue?.values.map(scalarOf) ?? value).slice(0, TEXT_MAX);
}

const scalarOf = (value: unknown) => {
  const { success, data } = Value.safeParse(value);
  return success && !data.arrayValue ? attributeOf(data) : value;
};
