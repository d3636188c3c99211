import { runService } from '@fieldguide/service';
import { identity } from './identity.definition.ts';

void runService(identity);
