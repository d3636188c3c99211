import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import { readState } from '@fieldguide/platform-host/state';
import { system } from '@fieldguide/platform-host/system';
import { topics } from '@fieldguide/platform-model/derive';
import type { CommandContext } from '@fieldguide/platform-model/plugin';
import { table } from '../screen/tables.ts';
import {
  choiceArgument,
  command,
  environmentOf,
  operatorOf,
  platformOf,
  print,
  printingEvents,
} from './command.ts';

/** Offers to plug-ins what the platform's own commands use. */
export const commandContext: CommandContext = {
  command,
  choiceArgument,
  parseChoice,
  print,
  table,
  error: (message, hint) => new CliError(message, hint),
  appClient: operatorOf,
  callPlatform: (options, method, path, body) => {
    const platform = platformOf(options);
    return printingEvents(platform, options, () => platform.call(method, path, body));
  },
  messaging: (options) => {
    const environment = environmentOf(options);
    const kafkaUrl = readState(environment)?.backing?.['kafka'];
    if (!kafkaUrl)
      throw new CliError(`Kafka does not run in "${environment.name}".`, 'fieldguide services');
    const { topicPrefix: prefix } = environment;
    const brokers = brokerSettings(kafkaUrl);
    return { brokers, prefix, topics: topics(system).map(({ name }) => prefix + name) };
  },
};
