import tab from '@bomb.sh/tab/commander';
import { Command } from 'commander';
import { addAppCommands } from './commands/app-commands.ts';
import { addAttachedCommands } from './commands/attached-commands.ts';
import { addContractsCommands } from './commands/contracts-commands.ts';
import { addLogCommands } from './commands/log-commands.ts';
import { addLookCommands } from './commands/look-commands.ts';
import { addMachineCommands } from './commands/machine-commands.ts';
import { addOrderCommands } from './commands/order-commands.ts';
import { addRunCommands } from './commands/run-commands.ts';
import { Fault } from './fault.ts';

/** The command `fieldguide`. Errors say what to try; a stack is shown with FIELDGUIDE_DEBUG=1 only. */
export async function run(argv: string[]): Promise<void> {
  quietKafkajs();
  const program = new Command('fieldguide')
    .description('Runs Fieldguide on this machine: backing services, apps, logs.')
    .showHelpAfterError('(add --help to see what can be said)')
    .showSuggestionAfterError();
  addRunCommands(program);
  addAppCommands(program);
  addLookCommands(program);
  addOrderCommands(program);
  addContractsCommands(program);
  addLogCommands(program);
  addAttachedCommands(program);
  addMachineCommands(program);
  tab(program, { completionCommandName: 'completion' });

  try {
    await program.parseAsync(argv);
  } catch (error) {
    const attempt =
      error instanceof Fault ? error.attempt : 'FIELDGUIDE_DEBUG=1 shows more; npm run logs';
    process.stderr.write(`\n${(error as Error).message}\nTry: ${attempt}\n`);
    if (process.env.FIELDGUIDE_DEBUG) process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = 1;
  }
}

// kafkajs 2.2.4 sets timers in the past; Node 24 says so once, and it means nothing to whoever reads the screen.
function quietKafkajs(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning')
      process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}
