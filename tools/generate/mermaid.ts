import type { Dependency } from './dependencies.ts';

/** Draws the pacts between services; a dashed line means messages only. */
export function contractGraph(
  dependencies: readonly Dependency[],
  versions: ReadonlyMap<string, string>,
): string {
  const names = new Set(dependencies.flatMap(({ consumer, provider }) => [consumer, provider]));
  const nodes = [...names].toSorted().map((name) => {
    const version = versions.get(name);
    return `${name}["${name}${version ? `<br/><small>${version}</small>` : ''}"]`;
  });
  const lines = dependencies.map(({ consumer, provider, requests, interactions }) => {
    const messages = interactions - requests;
    const parts = [...(requests ? [`${requests}`] : []), ...(messages ? [`${messages} msg`] : [])];
    const arrow = requests === 0 ? '-.->' : '-->';
    return `${consumer} ${arrow}|${parts.join(' + ')}| ${provider}`;
  });
  return fenced([...nodes, ...lines]);
}

/** Draws HTTP calls (solid) and messages (dashed) between the apps. External consumers call the gateway. */
export function systemGraph(
  apps: Readonly<Record<string, { readonly kind: string }>>,
  dependencies: readonly Dependency[],
): string {
  const gateway = Object.keys(apps).find((name) => apps[name]!.kind === 'gateway')!;
  const nodes = Object.keys(apps).map((name) =>
    apps[name]!.kind === 'external' ? `${name}[/"${name}"/]` : `${name}["${name}"]`,
  );
  const lines = dependencies.flatMap(({ consumer, provider, requests, messages }) => {
    if (!(consumer in apps))
      return [`${consumer}(["${consumer}"]) --> ${gateway}`, `${gateway} --> ${provider}`];
    return [
      ...(requests > 0 ? [`${consumer} --> ${provider}`] : []),
      ...(messages.length > 0 ? [`${provider} -.-> ${consumer}`] : []),
    ];
  });
  return fenced([...nodes, ...new Set(lines)]);
}

const fenced = (lines: readonly string[]) =>
  ['```mermaid', 'flowchart LR', ...lines.map((line) => `  ${line}`), '```'].join('\n');
