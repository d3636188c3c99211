import { fetchPackages, wheelsFor } from '@fieldguide/platform-host/backing-services/cache-archive';
import { fetchWheel } from '@fieldguide/platform-host/backing-services/fetch-wheel';
import { fetchKafka } from '@fieldguide/platform-host/backing-services/kafka';
import { fetchLens } from '@fieldguide/platform-traces/lens';

/** Downloads what the platforms need to install and start without network. Reports each step. */
export async function fillCache(
  platforms: readonly string[],
  report: (line: string) => void,
): Promise<void> {
  await fetchKafka(report);
  await fetchLens();
  for (const wheel of wheelsFor(platforms)) await fetchWheel(wheel, report);
  report(`Fetching the npm packages for ${platforms.join(', ')} (half a minute each) …`);
  fetchPackages(platforms);
}
