import type { Platform } from '@fieldguide/platform-controller/platform';
import type { CommandPlugin } from '@fieldguide/platform-model/plugin';

interface Started extends Pick<Platform, 'gatewayUrl' | 'providerUrl'> {
  readonly environment: { readonly name: string };
}

/** Returns the text that a completed start prints: addresses, what to try first, commands. */
export async function readyScreen(
  { gatewayUrl = '', providerUrl, environment }: Started,
  plugins: Iterable<CommandPlugin>,
  consoleUrl: string,
): Promise<string> {
  const texts = (
    await Promise.all([...plugins].map((each) => each.startText?.(gatewayUrl, providerUrl)))
  ).filter((each) => each !== undefined);
  const addresses = [
    ['Shop', gatewayUrl],
    ['API to try', `${gatewayUrl}/docs`],
    ...texts.flatMap((each) => each.addresses),
    ['Console', `${consoleUrl}  (valid for one minute)`],
  ] as const;
  const commands = [
    ...texts.flatMap((each) => each.commands),
    ['npx fieldguide console', 'Open the console in a browser'],
    ['npx fieldguide status --watch', 'Show apps and backing services with their health'],
    ['npx fieldguide --help', 'List all commands'],
  ] as const;
  return `
  Fieldguide is ready (environment: ${environment.name}).

${addresses.map(([name, url]) => `  ${name.padEnd(16)} ${url}`).join('\n')}

${texts.map(({ text }) => `${text}\n`).join('')}  In another terminal:
${commands.map(([command, text]) => `    ${command.padEnd(32)} ${text}`).join('\n')}

  Ctrl-C stops everything.
`;
}
