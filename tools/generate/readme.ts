import type { System } from '@fieldguide/platform-model';
import { topics } from '@fieldguide/platform-model/derive';
import { type Dependency, withoutCommon } from './dependencies.ts';
import { systemGraph } from './mermaid.ts';

interface Message {
  readonly topic: string;
  readonly type: string;
}

/** README with the picture of the system and the table of services between their markers. */
export function readmeWithSystem(
  readme: string,
  system: System,
  dependencies: readonly Dependency[],
): string {
  const ours = Object.keys(system.apps).filter((name) => system.apps[name]!.kind !== 'external');
  const own = withoutCommon(dependencies, ours);
  const picture = between(readme, 'system', systemGraph(system.apps, own));
  return between(picture, 'services', serviceTable(system, own));
}

function between(text: string, marker: string, content: string): string {
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const part = new RegExp(`${begin}[\\s\\S]*${end}`);
  if (!part.test(text)) throw new Error(`README.md has lost ${begin} … ${end}`);
  return text.replace(part, () => `${begin}\n\n${content}\n\n${end}`);
}

/** The services: what each owns, and the messages that it consumes and publishes. */
function serviceTable(system: System, dependencies: readonly Dependency[]): string {
  const kinds = new Map(topics(system).map(({ name, kind }) => [name, kind]));
  const listOf = (names: readonly string[]) =>
    names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', ');
  const rows = Object.entries(system.apps).map(([name, { summary, team, contract = {} }]) => {
    const events = Object.values(contract)
      .filter(isMessage)
      .filter(({ topic }) => kinds.get(topic) === 'events')
      .map(({ type }) => type);
    const consumed = dependencies
      .filter(({ consumer }) => consumer === name)
      .flatMap(({ messages }) => messages);
    return `| [${name}](apps/${name}/README.md) | ${team} | ${summary} | ${listOf(consumed)} | ${listOf(events)} |`;
  });
  return [
    '| service | team | owns | consumes | publishes |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'topic' in value && 'type' in value;
}
