import tab from '@bomb.sh/tab/commander';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { system } from '@fieldguide/platform-host/system';
import { Command } from 'commander';
import { addAppCommands } from './commands/app-commands.ts';
import { addAttachedCommands } from './commands/attached-commands.ts';
import { addCheckCommands } from './commands/check-commands.ts';
import { addContractsCommands } from './commands/contracts-commands.ts';
import { addDeadLetterCommands } from './commands/dead-letter-commands.ts';
import { addFaultCommands } from './commands/fault-commands.ts';
import { addKeyCommands } from './commands/key-commands.ts';
import { addMachineCommands } from './commands/machine-commands.ts';
import { addObservationCommands } from './commands/observation-commands.ts';
import { addRunCommands } from './commands/run-commands.ts';
import { addSloCommand } from './commands/slo-command.ts';
import { addTraceCommands } from './commands/trace-commands.ts';
import { addPlugins, loadPlugins } from './plugins.ts';

/** Runs the command `fieldguide`. Errors print a hint; FIELDGUIDE_DEBUG=1 adds the stack. */
export async function run(argv: string[]): Promise<void> {
  quietKafkajs();
  try {
    const program = await commands();
    await program.parseAsync(argv);
  } catch (error) {
    const hint =
      error instanceof CliError ? error.hint : 'npm run logs; FIELDGUIDE_DEBUG=1 prints the stack';
    process.stderr.write(`\n${(error as Error).message}\nTry: ${hint}\n`);
    if (process.env.FIELDGUIDE_DEBUG) process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = 1;
  }
}

/** Builds every command of the platform and of the plug-ins, with options and help. */
export async function commands(): Promise<Command> {
  const plugins = await loadPlugins(system);
  const program = new Command('fieldguide')
    .description('Run Fieldguide on this machine: apps, backing services, contracts, logs')
    .helpOption('-h, --help', 'Show help')
    .helpCommand('help [command]', 'Show help for a command')
    .configureHelp({ subcommandTerm })
    .showHelpAfterError('(use --help to list commands and options)')
    .showSuggestionAfterError();
  const groups: readonly (readonly [string, ...((to: Command) => void)[]])[] = [
    ['Platform:', addRunCommands],
    ['Apps:', addAppCommands],
    [
      'Observation:',
      addObservationCommands,
      addSloCommand,
      addTraceCommands,
      addCheckCommands,
      addDeadLetterCommands,
      (to) => addPlugins(to, plugins),
    ],
    ['Faults:', addFaultCommands],
    ['Keys:', addKeyCommands],
    ['Contracts:', addContractsCommands],
    ['Attached backing services:', addAttachedCommands],
    ['This machine:', addMachineCommands],
  ];
  for (const [heading, ...adding] of groups) {
    program.commandsGroup(heading);
    for (const add of adding) add(program);
  }
  tab(program, { completionCommandName: 'completion' });
  return program;
}

/** Returns `scale <app> [instances]`, without `[options]`, which every command has. */
function subcommandTerm(command: Command): string {
  const terms = command.registeredArguments.map((each) => {
    const name = each.variadic ? `${each.name()}...` : each.name();
    return each.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...terms].join(' ');
}

// kafkajs 2.2.4 sets timers in the past; the warning that Node 24 prints is of no use to the user.
function quietKafkajs(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning')
      process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}
