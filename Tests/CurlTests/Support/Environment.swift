import Glibc

/// Used only in a process of its own: changing the environment is not safe beside other threads.
enum Environment {
    static func set(_ name: String, _ value: String) { unsafe setenv(name, value, 1) }
}
