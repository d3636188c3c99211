import { runService } from '@fieldguide/service';
import { inventory } from './inventory.definition.ts';

void runService(inventory);
