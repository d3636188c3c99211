import { Environment } from '@fieldguide/platform-host/environment';
import type { Command } from 'commander';
import { checksTable } from '../screen/tables.ts';
import { type CommonOptions, command, print } from './command.ts';

/** The cache, which other commands need not load. */
const archive = () => import('@fieldguide/platform-host/backing-services/cache-archive');

/** Adds the commands on this machine: doctor, cache. */
export function addMachineCommands(program: Command): void {
  command(
    program,
    'doctor',
    'Check whether this machine can run Fieldguide; exit code 1 if not',
    'doctor',
  ).action(async (options: CommonOptions) => {
    const { runChecks } = await import('../doctor/doctor.ts');
    const results = await runChecks(new Environment(options.env));
    print(options, results, checksTable(results));
    if (results.some(({ verdict }) => verdict === 'fault')) process.exitCode = 1;
  });

  const cache = program.command('cache').description('List, export and import downloads');
  command(cache, 'list', 'Show the number and size of downloaded files', 'cache list').action(
    async (options: CommonOptions) => {
      const { folder, files, bytes } = (await archive()).cacheContent();
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
      `${process.platform}-${process.arch}`,
    )
    .action(async (file: string, options: CommonOptions & { for: string }) => {
      const { exportCache, parsePlatforms } = await archive();
      const { fillCache } = await import('./fill-cache.ts');
      const platforms = parsePlatforms(options.for);
      await fillCache(platforms, (line) => options.json || console.log(line));
      const { files, bytes } = await exportCache(file, platforms);
      const text = `${file}: ${files} files, ${Math.round(bytes / 1e6)} MB`;
      print(options, { file, files, bytes, platforms }, text);
    });
  command(
    cache,
    'import',
    'Verify an exported file and copy its content into the cache',
    'cache import cache.tar',
  )
    .argument('<file>', 'Path of the file')
    .action(async (file: string, options: CommonOptions) => {
      const { importCache } = await archive();
      const { files } = await importCache(file);
      print(options, { file, files }, `${files} files are imported into the cache`);
    });
}
