import { Config } from '@fieldguide/config';
import { databaseSettings, messagingSettings, serviceSettings } from '@fieldguide/service';
import { z } from 'zod';

export class CatalogConfig extends Config(
  z.object({ ...serviceSettings, ...databaseSettings, ...messagingSettings }),
) {}
