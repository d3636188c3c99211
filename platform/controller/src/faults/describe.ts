import { appNames } from '@fieldguide/platform-host/apps';
import { type Fault, type FaultRequest, type ParameterName, parameters } from './fault.ts';
import { isBacking } from './targets.ts';

const names = Object.keys(parameters) as ParameterName[];

/** The parameters that a request has. */
function parametersOf(request: FaultRequest): Partial<Record<ParameterName, number>> {
  const given = request as Partial<Record<ParameterName, number>>;
  return Object.fromEntries(
    names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
}

/** Describes a fault in one line. */
export function describeFault(request: FaultRequest): string {
  if (request.hidden) return 'hidden, find it';
  const { delayMs, jitterMs, percent, status, count } = parametersOf(request);
  const values = [
    delayMs && `${delayMs} ms`,
    jitterMs && `± ${jitterMs} ms`,
    status && `status ${status}`,
    percent && percent < 100 && `${percent} %`,
    count && `${count} records`,
  ].filter(Boolean);
  const where = [request.target, ...('to' in request && request.to ? [request.to] : [])];
  const text = `${request.kind} ${where.join(' → ')}`;
  return values.length > 0 ? `${text}: ${values.join(' ')}` : text;
}

/** Shows an active fault. */
export function faultOf(fault: {
  readonly id: number;
  readonly request: FaultRequest;
  readonly state: Fault['state'];
  readonly startedAtMs: number;
}): Fault {
  const { id, request, state, startedAtMs } = fault;
  const { forSeconds } = request;
  const shown = request.hidden ? { ...request, kind: 'hidden', target: 'hidden' } : request;
  const { kind, target } = shown;
  const to = (!request.hidden && 'to' in request && request.to) || null;
  const [name = ''] = target.split('/');
  const isApp = appNames.includes(name);
  const service = [to ?? '', target].find(isBacking) ?? null;
  return {
    id,
    kind,
    target,
    to,
    title: describeFault(request),
    app: isApp ? name : null,
    service,
    topic: isApp || service || request.hidden ? null : target,
    state,
    startedAt: new Date(startedAtMs).toISOString(),
    endsAt: new Date(startedAtMs + forSeconds * 1_000).toISOString(),
    parameters: request.hidden ? {} : (parametersOf(request) as Record<string, number>),
  };
}
