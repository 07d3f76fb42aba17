#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| holdpoint_properties::adopted(bytes));
