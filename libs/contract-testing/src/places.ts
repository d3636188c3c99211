import { join } from 'node:path';

const home = process.env['FIELDGUIDE_HOME'] ?? '.fieldguide';

/** The committed pacts: what consumers were promised, whatever their tests may generate today. */
export const PACTS = 'contracts/pacts';
/** Where consumers' tests write what they expect; compared with the committed ones. */
export const GENERATED = join(home, 'pacts');
/** Where providers' tests leave their verdicts, a file for each pair. */
export const RESULTS = join(home, 'pact-results');
