import { runService } from '@fieldguide/service';
import { CatalogModule } from './catalog.module.ts';

void runService(CatalogModule);
