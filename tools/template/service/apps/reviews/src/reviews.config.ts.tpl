import { Config } from '@fieldguide/config';
import { databaseSettings, messagingSettings, serviceSettings } from '@fieldguide/service';
import { z } from 'zod';

export class ReviewsConfig extends Config(
  z.object({ ...serviceSettings, ...databaseSettings, ...messagingSettings }),
) {}
