import { runService } from '@fieldguide/service';
import { catalog } from './catalog.definition.ts';

void runService(catalog);
