import { Module } from '@nestjs/common';
import { ProductsController } from './product/products.controller.ts';
import { Products } from './product/products.ts';

/** The map of the service. Plain CRUD on purpose: see docs/adr/0003. */
@Module({ controllers: [ProductsController], providers: [Products] })
export class CatalogModule {}
