import { commands } from '@fieldguide/platform-cli/cli';
import type { Command } from 'commander';
import { page, table } from './markdown.ts';

/** Options that every command has. */
const shared = new Set(['--env', '--json', '--help']);

/** Lists every command of the program with its arguments and options. */
export async function commandsPage(): Promise<string> {
  const all = leaves(await commands()).filter((each) => each.name() !== 'complete');
  return page(
    'Commands',
    'Type each as `npx fieldguide …`. Every command accepts `--env NAME` (default `local`) and `--help`, most accept `--json`.',
    table(
      ['command', 'description'],
      all.map((each) => [`[\`${usageOf(each)}\`](#${anchorOf(each)})`, each.description()]),
    ),
    ...all.flatMap((each) => [`## ${pathOf(each)}`, each.description(), ...detailsOf(each)]),
  );
}

function detailsOf(command: Command): string[] {
  const parameters = command.registeredArguments
    .filter(({ description }) => description)
    .map((each) => [`\`${each.name()}\``, each.description]);
  const options = command.options
    .filter(({ long }) => !shared.has(long ?? ''))
    .map((each) => [
      `\`${each.flags}\``,
      [
        each.description,
        each.argChoices && `One of ${each.argChoices.join(', ')}.`,
        each.defaultValue !== undefined && `Default: \`${String(each.defaultValue)}\`.`,
      ]
        .filter(Boolean)
        .join('. ')
        .replaceAll('..', '.'),
    ]);
  return [
    `\`\`\`\nfieldguide ${usageOf(command)}\n\`\`\``,
    ...(parameters.length + options.length > 0
      ? [table(['argument or option', 'meaning'], [...parameters, ...options])]
      : []),
  ];
}

function leaves(command: Command): Command[] {
  return command.commands.flatMap((each) => (each.commands.length > 0 ? leaves(each) : [each]));
}

function pathOf(command: Command): string {
  const parent = command.parent?.parent ? `${pathOf(command.parent)} ` : '';
  return `${parent}${command.name()}`;
}

function usageOf(command: Command): string {
  const terms = command.registeredArguments.map((each) => {
    const name = each.variadic ? `${each.name()}...` : each.name();
    return each.required ? `<${name}>` : `[${name}]`;
  });
  return [pathOf(command), ...terms].join(' ');
}

const anchorOf = (command: Command) => pathOf(command).replaceAll(' ', '-');
