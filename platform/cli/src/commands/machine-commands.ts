import {
  cacheContent,
  exportCache,
  fetchPackages,
  importCache,
  parsePlatforms,
  wheelsFor,
} from '@fieldguide/platform-host/backing-services/cache-archive';
import { fetchWheel } from '@fieldguide/platform-host/backing-services/fetch-wheel';
import { fetchKafka } from '@fieldguide/platform-host/backing-services/kafka';
import { Environment } from '@fieldguide/platform-host/environment';
import { fetchLens } from '@fieldguide/platform-traces/lens';
import type { Command } from 'commander';
import { runChecks } from '../doctor/doctor.ts';
import { checksTable } from '../screen/tables.ts';
import { type CommonOptions, command, print } from './command.ts';

/** Adds the commands on this machine: doctor, cache. */
export function addMachineCommands(program: Command): void {
  command(
    program,
    'doctor',
    'Check whether this machine can run Fieldguide; exit code 1 if not',
    'doctor',
  ).action(async (options: CommonOptions) => {
    const results = await runChecks(new Environment(options.env));
    print(options, results, checksTable(results));
    if (results.some(({ verdict }) => verdict === 'fault')) process.exitCode = 1;
  });

  const cache = program.command('cache').description('List, export and import downloads');
  command(cache, 'list', 'Show the number and size of downloaded files', 'cache list').action(
    (options: CommonOptions) => {
      const { folder, files, bytes } = cacheContent();
      const text = `${files.length} files, ${Math.round(bytes / 1e6)} MB in ${folder}`;
      print(options, { folder, files: files.length, bytes }, text);
    },
  );
  command(
    cache,
    'export',
    'Write all downloads and npm packages to a file, for machines without network',
    'cache export cache.tar --for linux-x64,darwin-arm64,win32-x64',
  )
    .argument('<file>', 'Path of the file')
    .option(
      '--for <platforms>',
      'Platforms, separated by commas; Consul is included for this one only',
      parsePlatforms,
      [`${process.platform}-${process.arch}`],
    )
    .action(async (file: string, options: CommonOptions & { for: string[] }) => {
      const report = (line: string) => options.json || console.log(line);
      await fetchKafka(report);
      await fetchLens();
      for (const wheel of wheelsFor(options.for)) await fetchWheel(wheel, report);
      report(`Fetching the npm packages for ${options.for.join(', ')} (half a minute each) …`);
      fetchPackages(options.for);
      const { files, bytes } = await exportCache(file, options.for);
      const text = `${file}: ${files} files, ${Math.round(bytes / 1e6)} MB`;
      print(options, { file, files, bytes, platforms: options.for }, text);
    });
  command(
    cache,
    'import',
    'Verify an exported file and copy its content into the cache',
    'cache import cache.tar',
  )
    .argument('<file>', 'Path of the file')
    .action(async (file: string, options: CommonOptions) => {
      const { files } = await importCache(file);
      print(options, { file, files }, `${files} files are imported into the cache`);
    });
}
