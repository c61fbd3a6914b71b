#!/usr/bin/env node
import "../lib/cli/segue.ts";
