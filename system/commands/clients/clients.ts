import type { CommandOptions, CommandPlugin } from '@fieldguide/platform-model/plugin';

/** Adds the command on the services' own tokens. */
export const plugin: CommandPlugin = {
  heading: 'Security:',
  add: (program, { command, print, appClient }) => {
    const clients = program.command('clients').description('Revoke the tokens of a service');
    command(
      clients,
      'revoke',
      'Revoke all access tokens of an OAuth client; its secret stays valid',
      'clients revoke shipping',
    )
      .argument('<client>', 'Name of an app, or operator')
      .action(async (client: string, options: CommandOptions) => {
        const path = `/clients/${encodeURIComponent(client)}/revocations`;
        const hint = 'fieldguide status';
        const revoked = await appClient(options).call('identity', 'POST', path, { hint });
        print(options, revoked, `The tokens of ${client} are revoked; it requests a new one`);
      });
  },
};
