//! One thing goes wrong at a time.

use super::*;
