import { runService } from '@fieldguide/service';
import { InventoryModule } from './inventory.module.ts';

void runService(InventoryModule);
