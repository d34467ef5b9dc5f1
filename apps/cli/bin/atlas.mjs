#!/usr/bin/env node
import { runBuilt } from './run-built.mjs';

runBuilt('atlas', 'main.js');
