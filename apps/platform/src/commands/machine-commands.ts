import type { Command } from 'commander';
import { cacheContent, exportCache, fetchPackages, importCache } from '../backing/cache-file.ts';
import { examine } from '../doctor/doctor.ts';
import { Environment } from '../environment.ts';
import { findingsTable } from '../screen/tables.ts';
import { type CommonOptions, command, print } from './command.ts';

/** What is about this machine: doctor, cache. */
export function addMachineCommands(program: Command): void {
  command(
    program,
    'doctor',
    'look whether everything can run here, and say what to do; exits with 1 when it cannot',
    'doctor',
  ).action(async (options: CommonOptions) => {
    const findings = await examine(new Environment(options.env));
    print(options, findings, findingsTable(findings));
    if (findings.some(({ verdict }) => verdict === 'fault')) process.exitCode = 1;
  });

  const cache = program.command('cache').description('what was downloaded, for this user');
  command(cache, 'list', 'what is there', 'cache list').action((options: CommonOptions) => {
    const { folder, files, bytes } = cacheContent();
    const text = `${files.length} files, ${Math.round(bytes / 1e6)} MB in ${folder}`;
    print(options, { folder, files: files.length, bytes }, text);
  });
  command(
    cache,
    'export',
    'everything that is downloaded, npm packages too, in one file for a room without network',
    'cache export fieldguide-cache.tar',
  )
    .argument('<file>')
    .action(async (file: string, options: CommonOptions) => {
      if (!options.json) console.log('Fetching the npm packages (half a minute) …');
      fetchPackages();
      const { files, bytes } = await exportCache(file);
      const text = `${file}: ${files} files, ${Math.round(bytes / 1e6)} MB`;
      print(options, { file, files, bytes }, text);
    });
  command(
    cache,
    'import',
    'take everything from such a file; each part is verified',
    'cache import fieldguide-cache.tar',
  )
    .argument('<file>')
    .action(async (file: string, options: CommonOptions) => {
      const { files } = await importCache(file);
      print(options, { file, files }, `${files} files are in the cache now`);
    });
}
