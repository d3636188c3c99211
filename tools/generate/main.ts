// `npm run generate`: generated files, new services; `npm run remove-service`, `rename` and `strip` are commands of it too.
// What a command needs is loaded when it runs: a service that does not compile must not keep it from being removed.
import { Command, Option } from 'commander';

interface ServiceOptions {
  readonly crud?: true;
  readonly eventSourced?: true;
  readonly entity?: string;
  readonly consumes?: string;
  readonly team?: string;
}

const program = new Command('generate')
  .description('Write every committed file that follows from others')
  .option('--check', 'fail when a file is stale, and write nothing', false)
  .showHelpAfterError()
  .action(async ({ check }: { check: boolean }) => {
    const { generateFiles } = await import('./generate.ts');
    // Ends here: metrics and loggers of the imported services may hold timers.
    process.exit((await generateFiles(check)) ? 0 : 1);
  });

program
  .command('service')
  .description('Write a new service with its contract, pacts, specs, map entry and routes')
  .argument('<name>', 'name in the plural, for example reviews')
  .addOption(new Option('--crud', 'one table and an outbox').conflicts('eventSourced'))
  .option('--event-sourced', 'a model, its events, a projection and a publisher')
  .option('--entity <name>', 'what the service owns (default: the singular of its name)')
  .option('--consumes <message>', 'keep a published message: catalog.ProductChanged')
  .option('--team <team>', 'a team of the map (default: the one of what belongs to no app)')
  .action(async (name: string, { crud, eventSourced, ...options }: ServiceOptions) => {
    if (!crud && !eventSourced) throw new Error('Choose a kind: --crud or --event-sourced.');
    const { newService } = await import('../template/new-service.ts');
    await newService(name, { kind: crud ? 'crud' : 'event-sourced', ...options });
  });

program
  .command('remove-service')
  .description('Remove a service that nothing else uses')
  .argument('<name>', 'name of the service')
  .option('--force', 'remove it although other files use it')
  .action(async (name: string, options: { force?: boolean }) => {
    const { removeService } = await import('../template/remove-service.ts');
    removeService(name, options);
  });

program
  .command('rename')
  .description('Rename the product in code, settings, docs and package names')
  .requiredOption('--name <name>', 'lower-case name: command, folders, environment variables')
  .option('--scope <scope>', 'npm scope of the packages (default: @ and the name)')
  .option('--title <title>', 'name in prose (default: the name with a capital)')
  .option('--force', 'rename although the working tree has changes')
  .action(async (options: { name: string }) => {
    const { rename } = await import('../template/rename.ts');
    rename(options);
  });

program
  .command('strip')
  .description('Reduce the system to the gateway, identity and the services to keep')
  .requiredOption('--keep <services...>', 'services to keep, with those that they call')
  .option('--force', 'strip although the working tree has changes')
  .action(async (options: { keep: string[]; force?: boolean }) => {
    const { strip } = await import('../template/strip.ts');
    strip(options);
  });

try {
  await program.parseAsync();
} catch (error) {
  const { message, hint } = error as Error & { hint?: string };
  console.error(hint ? `${message}\nTry: ${hint}` : message);
  process.exitCode = 1;
}
