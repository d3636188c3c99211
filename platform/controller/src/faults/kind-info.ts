import { appNames, apps } from '@fieldguide/platform-host/apps';
import { backingNames } from '@fieldguide/platform-host/backing-services/backing-service';
import type { Platform } from '../platform.ts';
import { type FaultKindInfo, type FaultKindName, FaultRequest, parameters } from './fault.ts';
import { faultKinds } from './fault-kinds.ts';
import { dependencies, topicNames } from './targets.ts';

/** Everything that a form for a fault needs, with the targets that exist now. */
export function kindInfos(platform: Pick<Platform, 'reconcilers'>): FaultKindInfo[] {
  return Object.entries(faultKinds).map(([kind, each]) => ({
    kind,
    summary: each.summary,
    restores: each.restores,
    target: each.target,
    targets: kind === 'slow-consumer' ? consumers : targetsOf(each.target, platform),
    to: each.takesTo ? { ...dependencies } : {},
    parameters: each.parameters.map((name) => ({
      name,
      ...parameters[name],
      default: defaultOf(kind as FaultKindName, name),
    })),
    isMomentary: each.isMomentary ?? false,
  }));
}

const consumers = apps
  .filter(({ hasDatabase, hasMessaging }) => hasDatabase && hasMessaging)
  .map(({ name }) => name);

function targetsOf(
  target: FaultKindInfo['target'],
  { reconcilers }: Pick<Platform, 'reconcilers'>,
) {
  if (target === 'app') return [...appNames];
  if (target === 'app or backing service') return [...appNames, ...backingNames];
  if (target === 'topic') return [...topicNames];
  return [...reconcilers.values()].flatMap(({ slots }) =>
    [...slots.values()].map(({ instance }) => instance.id),
  );
}

/** The default of a kind, which the schema knows. */
function defaultOf(kind: FaultKindName, name: keyof typeof parameters): number | null {
  const parsed = FaultRequest.safeParse({ kind, target: 'any' });
  const value = parsed.success ? (parsed.data as Record<string, unknown>)[name] : undefined;
  return typeof value === 'number' ? value : parameters[name].default;
}
